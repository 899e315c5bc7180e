// terminal_style.js - lets xterm have its styles under a policy that allows no
// style but that of files ('self').
//
// xterm (6.0.0) makes three <style> elements for each terminal, and sets style
// attributes on the spans of its rows: with a policy without 'unsafe-inline'
// neither has any effect, and both are violations. What a script says through
// the objects of CSS is not markup, and no policy forbids it; whoever could
// inject that could inject scripts. So:
//
//   - where xterm asks for a <style>, it gets a hidden element whose text goes
//     into a constructed style sheet of the document;
//   - a span's attribute "style" is set by its style object.
//
// xterm's option documentOverride does not reach all of this: its viewport and
// its rows take the global document (precedence of ?? and ?: in
// CoreBrowserTerminal, DomRenderer's row factory). Nothing else in the page
// makes <style> elements.

function standIn(createElement) {
  const sheet = new CSSStyleSheet();
  const element = createElement.call(document, "span");
  element.hidden = true;
  Object.defineProperty(element, "textContent", {
    get: () => "",
    set: (text) => {
      sheet.replaceSync(text);
      if (!document.adoptedStyleSheets.includes(sheet))
        document.adoptedStyleSheets.push(sheet);
    },
  });
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
    Element.prototype.remove.call(element);
  };
  return element;
}

let isDone = false;

export function allowTerminalStyles() {
  if (isDone) return;
  isDone = true;
  const { createElement } = Document.prototype;
  document.createElement = (name, options) =>
    (String(name).toLowerCase() === "style" ? standIn(createElement)
      : createElement.call(document, name, options));
  HTMLSpanElement.prototype.setAttribute = function setAttribute(name, value) {
    if (name === "style") this.style.cssText = value;
    else Element.prototype.setAttribute.call(this, name, value);
  };
}
