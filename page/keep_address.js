// keep_address.js - a view that writes what is chosen into its address.
//
// Whoever navigates in that moment has written another one already, of which the
// page hears a little later: that one stays.

// keep(address); an address that begins with "#".
export function makeAddressKeeper() {
  let known = location.hash;
  return (address) => {
    if (location.hash !== known) return;
    history.replaceState(history.state, "", address);
    known = location.hash;
  };
}
