/** What a visitor can do to a browser and must not here: menus, dialogs, zoom, drops. The kiosk's browser refuses the rest. */

/** Keys that write or move in a field, and those that work the page: everything else a keyboard can do is not ours. */
const PLAIN_KEYS = new Set([
  'Tab',
  'Enter',
  ' ',
  'Backspace',
  'Delete',
  'Escape',
  'ArrowLeft',
  'ArrowRight',
  'ArrowUp',
  'ArrowDown',
  'Home',
  'End',
  'PageUp',
  'PageDown',
]);

const isPlain = ({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean =>
  !ctrlKey && !metaKey && !altKey && (PLAIN_KEYS.has(key) || [...key].length === 1);

/** Called once, before anything is drawn. */
export function guardPage(): void {
  const refuse = (event: Event) => event.preventDefault();
  for (const name of ['contextmenu', 'dragstart', 'dragover', 'drop', 'gesturestart', 'auxclick', 'paste'])
    document.addEventListener(name, refuse, { capture: true });
  document.addEventListener(
    'keydown',
    event => {
      if (!isPlain(event)) event.preventDefault();
    },
    { capture: true },
  );
  // The page has no link and no field for a file: one that is worked was put there by somebody else.
  document.addEventListener(
    'click',
    event => {
      if (event.target instanceof Element && event.target.closest('a, [type="file"]')) event.preventDefault();
    },
    { capture: true },
  );
  document.addEventListener(
    'wheel',
    event => {
      if (event.ctrlKey) event.preventDefault();
    },
    { capture: true, passive: false },
  );
  document.addEventListener(
    'touchmove',
    event => {
      if (event.touches.length > 1) event.preventDefault();
    },
    { capture: true, passive: false },
  );
  // A link, an address, a form, another entry in the history: only the page itself loads itself anew.
  navigation.addEventListener('navigate', event => {
    const stays = new URL(event.destination.url).pathname === '/';
    const own = event.navigationType === 'reload' || (event.navigationType === 'replace' && stays);
    if (event.cancelable && !own) event.preventDefault();
  });
  // Whoever got the browser to go back or forward stays on the page that shows the visit of the moment.
  history.replaceState(null, '', '/');
  window.addEventListener('popstate', () => history.replaceState(null, '', '/'));
}
