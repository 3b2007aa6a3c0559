/* What the server can not do for a page: times that grow older, a dialog, a connection that rests while nobody looks. */
(() => {
  const sources = new Set();
  const say = (words, state) => {
    const sign = document.getElementById('connection');
    if (sign === null) return;
    sign.textContent = words;
    sign.dataset.state = state;
  };

  htmx.createEventSource = (url) => {
    const source = new EventSource(url);
    sources.clear();
    sources.add(source);
    return source;
  };
  document.addEventListener('htmx:sseError', () => say('Connecting again', 'off'));
  // A part that did not come says so in its place, above what was there: a link to try again, mostly.
  const failures = {
    'htmx:sendError': 'The daemon can not be reached.',
    'htmx:responseError': 'The daemon could not make this; its log has the reason.',
    'htmx:timeout': 'No answer came in time.',
  };
  for (const [name, words] of Object.entries(failures))
    document.addEventListener(name, ({ detail: { target } }) => {
      if (target.id === 'live') return say('Not up to date', 'off');
      const note = document.createElement('p');
      note.className = 'message alarm failed';
      note.setAttribute('role', 'alert');
      note.textContent = words;
      target.querySelector(':scope > .failed')?.remove();
      if (target.id === 'dialog') ask(note);
      else target.prepend(note);
    });
  document.addEventListener('htmx:afterSwap', (event) => {
    if (event.detail.target.id !== 'live') return;
    say('Live', 'on');
    centre();
  });

  // What is the same is left alone: nothing moves under a finger, and a screen reader keeps its place.
  const gist = (root) => {
    const copy = root.cloneNode(true);
    for (const time of copy.querySelectorAll('time')) time.textContent = '';
    for (const part of copy.querySelectorAll('[hx-preserve]')) part.replaceChildren();
    for (const each of copy.querySelectorAll('[class]')) {
      each.classList.remove('htmx-request', 'htmx-settling', 'htmx-swapping', 'htmx-added', 'near', 'asked');
      if (each.classList.length === 0) each.removeAttribute('class');
    }
    return copy.innerHTML.trim();
  };
  document.addEventListener('htmx:beforeSwap', (event) => {
    const { target, serverResponse, xhr } = event.detail;
    if (target.id !== 'live' || xhr.status !== 200) return;
    const fresh = document.createElement('div');
    fresh.innerHTML = new DOMParser().parseFromString(serverResponse, 'text/html').body.innerHTML;
    if (gist(fresh) !== gist(target)) return;
    const times = fresh.querySelectorAll('time');
    target.querySelectorAll('time').forEach((time, index) => {
      if (times[index]) time.textContent = times[index].textContent;
    });
    event.detail.shouldSwap = false;
    say('Live', 'on');
  });

  // A link that is replaced while it is pressed gets no click: what came meanwhile is asked for again when the finger is gone.
  let press = null;
  document.addEventListener('pointerdown', () => { press = { missed: false }; });
  for (const name of ['pointerup', 'pointercancel'])
    document.addEventListener(name, () => {
      if (press?.missed) setTimeout(() => htmx.trigger('#live', 'refresh'));
      press = null;
    });
  document.addEventListener('htmx:beforeSwap', ({ detail }) => {
    if (detail.target.id !== 'live' || !detail.shouldSwap || press === null) return;
    detail.shouldSwap = false;
    press.missed = true;
  });

  // A browser keeps six connections to a server: pages in the background give theirs back.
  let resting = null;
  document.addEventListener('visibilitychange', () => {
    clearTimeout(resting);
    if (document.hidden) resting = setTimeout(() => sources.forEach((source) => source.close()), 5000);
    else
      for (const source of sources)
        if (source.readyState === EventSource.CLOSED) source.onerror?.(new Event('error'));
  });
  addEventListener('pagehide', () => sources.forEach((source) => source.close()));
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
  });

  // In the access graph the lines of the product under the pointer, or with the focus, stand out, and whom they lead to.
  const light = (node) => {
    for (const each of document.querySelectorAll('.graph.asked, .graph .near')) each.classList.remove('asked', 'near');
    const graph = node?.closest('.graph');
    if (!graph) return;
    graph.classList.add('asked');
    for (const edge of graph.querySelectorAll(`.edge[data-ends~="${node.dataset.node}"]`)) {
      edge.classList.add('near');
      for (const end of edge.dataset.ends.split(' ')) graph.querySelector(`[data-node="${end}"]`).classList.add('near');
    }
  };
  for (const [name, at] of [['pointerover', true], ['focusin', true], ['pointerout', false], ['focusout', false]])
    document.addEventListener(name, (event) => {
      const node = event.target.closest?.('.graph [data-node]');
      if (node) light(at ? node : document.activeElement.closest('.graph [data-node]'));
    });

  // The product in question is in the middle of its picture.
  const centre = () => {
    const node = document.querySelector('.graph .node.focus');
    const canvas = node?.closest('.scroll');
    if (!canvas) return;
    canvas.scrollLeft = Number(node.getAttribute('x')) + 88 - canvas.clientWidth / 2;
    canvas.scrollTop = Number(node.getAttribute('y')) + 15 - canvas.clientHeight / 2;
  };
  centre();

  // On a phone the list of sections is wider than the window.
  const section = document.querySelector('.side [aria-current]');
  section?.closest('ul').scrollTo({ left: section.offsetLeft - 80 });

  const dialog = document.getElementById('dialog');
  const ask = (note) => {
    const close = document.createElement('button');
    close.textContent = 'Close';
    close.dataset.close = '';
    const box = document.createElement('div');
    box.append(note, close);
    dialog.replaceChildren(box);
    if (!dialog.open) dialog.showModal();
  };
  document.addEventListener('htmx:afterSwap', (event) => {
    if (event.detail.target === dialog && !dialog.open) dialog.showModal();
  });
  document.addEventListener('click', (event) => {
    if (event.target.closest?.('[data-close]') && dialog.open) {
      event.preventDefault();
      dialog.close();
    }
    if (event.target === dialog) dialog.close();
  });
  // Filters count as soon as they are chosen.
  document.addEventListener('change', (event) => {
    if (event.target.matches('form[data-auto] :is(select, [type=checkbox], [type=date])')) event.target.form.requestSubmit();
  });
  // What somebody has folded open stays open: the part is brought up to date when it is closed.
  document.addEventListener('htmx:beforeRequest', (event) => {
    if (event.detail.target.id !== 'live' || document.querySelector('#live details[open]') === null) return;
    event.preventDefault();
    say('Waits while details are open', 'off');
  });
  document.addEventListener('toggle', (event) => {
    if (!event.target.open && event.target.closest('#live') !== null) htmx.trigger('#live', 'refresh');
  }, true);
  // One order per click, however often the button is pressed.
  document.addEventListener('submit', (event) => {
    if (event.target.method !== 'post') return;
    if (event.target.dataset.sent) return event.preventDefault();
    event.target.dataset.sent = 'yes';
  });

  const units = [[60, 1, 's'], [3600, 60, 'min'], [86400, 3600, 'h'], [86400 * 60, 86400, 'd'], [Infinity, 86400 * 30, 'months']];
  const age = (time) => {
    const seconds = Math.round((Date.parse(time.dateTime) - Date.now()) / 1000);
    const size = Math.abs(seconds);
    if (size < 5) return 'now';
    const [, per, unit] = units.find(([below]) => size < below);
    const amount = `${Math.floor(size / per)} ${unit}`;
    return seconds < 0 ? `${amount} ago` : `in ${amount}`;
  };
  setInterval(() => {
    for (const time of document.querySelectorAll('time[datetime]')) {
      const words = age(time);
      if (time.textContent !== words) time.textContent = words;
    }
  }, 5000);

  // "/" goes to the search, as everywhere.
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.('input, textarea, select, [contenteditable]')) return;
    event.preventDefault();
    document.getElementById('search')?.focus();
  });
})();
