/** Ways out of a kiosk's page, each by its name: what hands can do to it, and what a script that got in would try. */
import type { CDPSession, Page } from 'playwright-core';

export interface Escape {
  readonly name: string;
  /** Tries it. True when it got through: the browser was free to act, or the page's script got what it wanted. */
  attempt(page: Page, cdp: CDPSession): Promise<boolean>;
}

/** A place that is not the kiosk's; never reached. */
export const ELSEWHERE = 'http://elsewhere.invalid/';
/** Where nothing but the page itself lies, and where its words begin, in pixels. */
const EMPTY = { x: 540, y: 700 };
/** Longest until what was begun shows, on a busy machine, in milliseconds. */
const FOLLOWS_MS = 2_500;
/** Until a browser has said that a policy refused something, in milliseconds. */
const REFUSED_MS = 150;

/** Whether the page let the browser have the event: it arrived and nobody refused it, or it never arrived. */
async function unrefused(page: Page, type: string, provoke: () => Promise<unknown>): Promise<boolean> {
  const refused = await page.evaluateHandle(kind => {
    const seen = { refused: false };
    const look = (event: Event) => {
      seen.refused ||= event.defaultPrevented;
    };
    // Last of all listeners, on the way up.
    window.addEventListener(kind, look);
    return seen;
  }, type);
  await provoke();
  return refused.evaluate(seen => !seen.refused);
}

const key = (name: string, keys: string): Escape => ({
  name: `${name} (${keys})`,
  attempt: page => unrefused(page, 'keydown', () => page.keyboard.press(keys)),
});

/** A script in the page: true when it got what it wanted. */
const script = (name: string, steal: () => unknown): Escape => ({
  name,
  attempt: async page => (await page.evaluate(steal).catch(() => false)) === true,
});

/** A script that fetches something: true when no policy of the page refused it. */
const reach = (name: string, fetchIt: () => void): Escape => ({
  name,
  attempt: async page => {
    const refused = await page.evaluateHandle(() => {
      const seen = { refused: false };
      document.addEventListener('securitypolicyviolation', () => {
        seen.refused = true;
      });
      return seen;
    });
    await page.evaluate(fetchIt);
    await page.waitForTimeout(REFUSED_MS);
    return refused.evaluate(seen => !seen.refused);
  },
});

const KEYS: readonly Escape[] = [
  key('help', 'F1'),
  key('find again', 'F3'),
  key('reload', 'F5'),
  key('to the address bar', 'F6'),
  key('caret browsing', 'F7'),
  key('menu', 'F10'),
  key('out of full screen', 'F11'),
  key('developer tools', 'F12'),
  key('developer tools', 'Control+Shift+I'),
  key('console', 'Control+Shift+J'),
  key('inspect an element', 'Control+Shift+C'),
  key('view source', 'Control+U'),
  key('save the page', 'Control+S'),
  key('print', 'Control+P'),
  key('open a file', 'Control+O'),
  key('new window', 'Control+N'),
  key('new private window', 'Control+Shift+N'),
  key('new tab', 'Control+T'),
  key('the tab closed last', 'Control+Shift+T'),
  key('close the tab', 'Control+W'),
  key('next tab', 'Control+Tab'),
  key('downloads', 'Control+J'),
  key('history', 'Control+H'),
  key('clear browsing data', 'Control+Shift+Delete'),
  key('bookmark', 'Control+D'),
  key('find', 'Control+F'),
  key('address bar', 'Control+L'),
  key('search', 'Control+K'),
  key('reload', 'Control+R'),
  key('reload without cache', 'Control+Shift+R'),
  key('zoom in', 'Control+Equal'),
  key('zoom out', 'Control+Minus'),
  key('zoom reset', 'Control+0'),
  key('back', 'Alt+ArrowLeft'),
  key('forward', 'Alt+ArrowRight'),
  key('home page', 'Alt+Home'),
  key('close the window', 'Alt+F4'),
  key('select everything', 'Control+A'),
  key('copy', 'Control+C'),
  key('paste', 'Control+V'),
  key('the system', 'Meta'),
];

const HANDS: readonly Escape[] = [
  {
    name: 'context menu by the right button',
    attempt: page =>
      unrefused(page, 'contextmenu', () => page.mouse.click(EMPTY.x, EMPTY.y, { button: 'right' })),
  },
  {
    name: 'context menu by its key',
    attempt: page => unrefused(page, 'keydown', () => page.keyboard.press('ContextMenu')),
  },
  {
    // A browser without a screen makes no long press of touches: this is what one with a screen sends the page.
    name: 'long press',
    attempt: page =>
      unrefused(page, 'contextmenu', () =>
        page.evaluate(() => {
          const what = { bubbles: true, cancelable: true, pointerType: 'touch' };
          document.querySelector('h1')?.dispatchEvent(new PointerEvent('contextmenu', what));
        }),
      ),
  },
  {
    name: 'middle button',
    attempt: page =>
      unrefused(page, 'auxclick', () => page.mouse.click(EMPTY.x, EMPTY.y, { button: 'middle' })),
  },
  {
    name: 'zoom by the wheel',
    attempt: page =>
      unrefused(page, 'wheel', async () => {
        await page.mouse.move(EMPTY.x, EMPTY.y);
        await page.keyboard.down('Control');
        await page.mouse.wheel(0, -240);
        await page.waitForTimeout(100);
        await page.keyboard.up('Control');
      }),
  },
  {
    name: 'zoom by two fingers on the screen',
    attempt: (page, cdp) =>
      unrefused(page, 'touchmove', () =>
        cdp.send('Input.synthesizePinchGesture', { ...EMPTY, scaleFactor: 2, gestureSourceType: 'touch' }),
      ),
  },
  {
    name: 'zoom by two fingers on a touchpad',
    attempt: async (page, cdp) => {
      const pinch = { ...EMPTY, scaleFactor: 2, gestureSourceType: 'mouse' } as const;
      await cdp.send('Input.synthesizePinchGesture', pinch);
      return page.evaluate(() => (visualViewport?.scale ?? 1) !== 1);
    },
  },
  {
    name: 'selection by dragging over words',
    attempt: async page => {
      const box = await page.locator('h1').first().boundingBox();
      await page.mouse.move((box?.x ?? 0) + 2, (box?.y ?? 0) + 20);
      await page.mouse.down();
      await page.mouse.move((box?.x ?? 0) + 300, (box?.y ?? 0) + 24, { steps: 5 });
      await page.mouse.up();
      return page.evaluate(() => getSelection()?.toString() !== '');
    },
  },
  {
    name: 'selection by a double click',
    attempt: async page => {
      await page
        .locator('h1')
        .first()
        .dblclick({ position: { x: 20, y: 20 } });
      return page.evaluate(() => getSelection()?.toString() !== '');
    },
  },
  {
    name: 'a file dropped on the page',
    attempt: (page, cdp) =>
      unrefused(page, 'drop', async () => {
        const data = { items: [], files: ['/etc/hostname'], dragOperationsMask: 1 };
        for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
          await cdp.send('Input.dispatchDragEvent', { type, ...EMPTY, data }).catch(() => undefined);
      }),
  },
  {
    name: 'words dragged away',
    attempt: page =>
      unrefused(page, 'dragstart', () =>
        page.evaluate(() => {
          const start = new DragEvent('dragstart', { bubbles: true, cancelable: true });
          document.querySelector('h1')?.dispatchEvent(start);
        }),
      ),
  },
  {
    name: 'paste from the clipboard',
    attempt: page =>
      unrefused(page, 'paste', () =>
        page.evaluate(() => {
          const paste = new ClipboardEvent('paste', { bubbles: true, cancelable: true });
          (document.querySelector('input') ?? document.body).dispatchEvent(paste);
        }),
      ),
  },
];

const SCRIPTS: readonly Escape[] = [
  script('window.open', () => window.open('about:blank') !== null),
  script('a message box', () => {
    // One that is not shown answers at once and with nothing.
    return confirm('?');
  }),
  script('a question for words', () => prompt('?', 'words') !== null),
  script('the print dialog', () => {
    let printed = false;
    window.addEventListener('beforeprint', () => {
      printed = true;
    });
    window.print();
    return printed;
  }),
  {
    name: 'a link to elsewhere',
    attempt: async page => {
      const asked = page.waitForRequest(request => request.isNavigationRequest(), { timeout: FOLLOWS_MS });
      await page.evaluate(url => {
        const link = Object.assign(document.createElement('a'), { href: url });
        document.body.append(link);
        link.click();
        link.remove();
      }, ELSEWHERE);
      return asked.then(
        () => true,
        () => false,
      );
    },
  },
  {
    name: 'a link to a new window',
    attempt: async page => {
      const opened = page.context().waitForEvent('page', { timeout: FOLLOWS_MS });
      await page.evaluate(() => {
        const link = Object.assign(document.createElement('a'), { href: 'about:blank', target: '_blank' });
        document.body.append(link);
        link.click();
        link.remove();
      });
      return opened.then(
        () => true,
        () => false,
      );
    },
  },
  {
    name: 'another address',
    attempt: async page => {
      const asked = page.waitForRequest(request => request.isNavigationRequest(), { timeout: FOLLOWS_MS });
      await page.evaluate(url => location.assign(url), ELSEWHERE).catch(() => undefined);
      return asked.then(
        () => true,
        () => false,
      );
    },
  },
  {
    name: 'a download',
    attempt: async page => {
      const loaded = page.waitForEvent('download', { timeout: FOLLOWS_MS });
      await page.evaluate(() => {
        const href = URL.createObjectURL(new Blob(['words']));
        const link = Object.assign(document.createElement('a'), { href, download: 'words.txt' });
        document.body.append(link);
        link.click();
        link.remove();
      });
      return loaded.then(
        () => true,
        () => false,
      );
    },
  },
  {
    name: 'a form sent elsewhere',
    attempt: async page => {
      const asked = page.waitForRequest(request => request.isNavigationRequest(), { timeout: FOLLOWS_MS });
      await page.evaluate(url => {
        const form = Object.assign(document.createElement('form'), { action: url });
        document.body.append(form);
        form.submit();
        form.remove();
      }, ELSEWHERE);
      return asked.then(
        () => true,
        () => false,
      );
    },
  },
  script('another entry in the history', () => {
    const before = history.length;
    history.pushState(null, '', '/other');
    return history.length > before;
  }),
  script('a service worker', async () => {
    const url = '/worker.js';
    return navigator.serviceWorker.register(url).then(
      () => true,
      () => false,
    );
  }),
  script('an inline script', () => {
    const tag = document.createElement('script');
    tag.textContent = 'window.inline = true';
    document.body.append(tag);
    tag.remove();
    return 'inline' in window;
  }),
  script('words run as a script', async () => {
    // In a turn of its own: what the debugger runs itself is free of the page's policy.
    const run = new Promise(resolve => setTimeout(() => resolve(Reflect.get(window, 'eval')('1 + 1') === 2)));
    return Promise.race([run, new Promise(resolve => setTimeout(() => resolve(false), 300))]);
  }),
  reach('a request to elsewhere', () => void fetch('http://elsewhere.invalid/').catch(() => undefined)),
  reach('a picture from elsewhere', () => {
    new Image().src = 'http://elsewhere.invalid/p.png';
  }),
  reach('a line to elsewhere', () => void new WebSocket('ws://elsewhere.invalid/')),
  reach('a page within the page', () => {
    const frame = document.createElement('iframe');
    frame.src = 'data:text/html,words';
    document.body.append(frame);
    setTimeout(() => frame.remove(), 100);
  }),
  script('a worker from words', async () => {
    const url = URL.createObjectURL(new Blob(['postMessage(1)']));
    return new Promise(resolve => {
      try {
        const worker = new Worker(url);
        worker.onmessage = () => resolve(true);
        worker.onerror = () => resolve(false);
      } catch {
        resolve(false);
      }
      setTimeout(() => resolve(false), 1_000);
    });
  }),
  {
    name: 'a file dialog',
    attempt: async page => {
      const asked = page.waitForEvent('filechooser', { timeout: FOLLOWS_MS });
      await page.evaluate(() => {
        const input = Object.assign(document.createElement('input'), { type: 'file' });
        document.body.append(input);
        input.click();
        input.remove();
      });
      return asked.then(
        () => true,
        () => false,
      );
    },
  },
];

export const ESCAPES: readonly Escape[] = [...KEYS, ...HANDS, ...SCRIPTS];
