// link_input.js - what was typed into a session and is not known to have
// arrived. Positions are bytes of the session's input, as vspcd counts them.

export function makeInput() {
  let sent = 0;
  let confirmed = 0;
  let kept = []; // chunks: what lies between confirmed and sent

  return {
    sent: () => sent,
    // Bytes that were sent and are not known to have arrived.
    open: () => sent - confirmed,

    add(bytes) {
      kept.push(bytes);
      sent += bytes.length;
    },

    // The console has had what is before this position. False: nothing new.
    confirm(position) {
      if (position <= confirmed || position > sent) return false;
      let over = position - confirmed;
      confirmed = position;
      while (over > 0) {
        if (kept[0].length <= over) {
          over -= kept.shift().length;
        } else {
          kept[0] = kept[0].subarray(over);
          over = 0;
        }
      }
      return true;
    },

    // What a session needs that goes on and has received so much.
    rest(received) {
      this.confirm(received);
      return kept;
    },

    // Another session, or one that somebody else has typed into. Returns how
    // many bytes nobody knows about.
    forget(position) {
      const open = sent - confirmed;
      kept = [];
      sent = confirmed = position;
      return open;
    },
  };
}
