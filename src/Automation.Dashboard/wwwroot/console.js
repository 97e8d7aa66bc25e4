// What the pages do beyond links, forms and htmx: the theme, copying, and times in the reader's zone.

document.addEventListener('click', async event => {
  const target = event.target.closest('[data-theme-toggle],[data-copy]');
  if (!target) return;
  if (target.matches('[data-theme-toggle]')) {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
    localStorage.setItem('theme', root.dataset.theme);
  } else {
    const label = target.textContent;
    target.textContent = await copy(target.dataset.copy) ? 'Copied' : 'Not copied';
    setTimeout(() => { target.textContent = label; }, 1500);
  }
});

// What cannot be undone is pressed twice; without scripts once is enough.
document.addEventListener('click', event => {
  const button = event.target.closest('button[data-sure]');
  if (!button || button.dataset.sure === 'asked') return;
  event.preventDefault();
  const [label, name] = [button.textContent, button.getAttribute('aria-label')];
  button.dataset.sure = 'asked';
  button.textContent = 'Press again to confirm';
  if (name) button.setAttribute('aria-label', `Press again to confirm: ${name}`);
  setTimeout(() => {
    button.dataset.sure = '';
    button.textContent = label;
    if (name) button.setAttribute('aria-label', name);
  }, 5000);
});

// Browsers have a clipboard for scripts only over HTTPS and on the machine itself; elsewhere the old way is left.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => false);
  const field = Object.assign(document.createElement('textarea'), { value: text, readOnly: true });
  document.body.append(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  return done;
}

// Times come in UTC, complete; they are shown in the reader's own zone, the full time on hover.
function localise(root) {
  for (const time of root.querySelectorAll('time[datetime]:not([data-done])')) {
    const at = new Date(time.getAttribute('datetime'));
    const today = new Date().toDateString() === at.toDateString();
    const clock = at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
    time.textContent = today ? clock : `${at.toLocaleDateString([], { year: 'numeric', month: 'short', day: 'numeric' })}, ${clock}`;
    time.title = at.toLocaleString([], { dateStyle: 'full', timeStyle: 'long' });
    time.dataset.done = '';
  }
}
localise(document);


// Live parts are htmx's: they are fetched again when the server tells of a change (hx-trigger="sse:…").
document.addEventListener('htmx:afterSwap', event => localise(event.detail.target.parentElement ?? document));

// On a phone navigation and tabs scroll sideways: the place where one is stays in sight.
for (const [bar, here] of [['.side', 'a.active'], ['.tabs', 'a[aria-current]']].map(([b, h]) => [document.querySelector(b), document.querySelector(`${b} ${h}`)])) {
  if (here && bar.scrollWidth > bar.clientWidth) bar.scrollLeft = here.offsetLeft - bar.offsetLeft - (bar.clientWidth - here.offsetWidth) / 2;
}

// On a narrow screen a table that does not fit is shown row by row; each cell needs the name of its column then.
const narrow = matchMedia('(max-width: 760px)');
const fit = () => {
  for (const wrap of document.querySelectorAll('.table-wrap')) {
    wrap.classList.remove('rows');
    if (!narrow.matches || wrap.scrollWidth <= wrap.clientWidth) continue;
    const names = [...wrap.querySelectorAll('thead th')].map(h => h.querySelector('.visually-hidden, input') ? '' : h.textContent.trim());
    for (const row of wrap.querySelectorAll('tbody tr')) {
      [...row.cells].forEach((cell, i) => {
        if (names[i] && cell.colSpan === 1) cell.dataset.label = names[i];
        cell.classList.toggle('void', !cell.textContent.trim() && !cell.querySelector('input, button, img'));
      });
    }
    wrap.classList.add('rows');
  }
};
fit();
narrow.addEventListener('change', fit);
document.addEventListener('htmx:afterSwap', fit);

// What scrolls sideways can be reached and scrolled with the keyboard.
function reach() {
  for (const box of document.querySelectorAll('.table-wrap')) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute('tabindex');
  }
}
reach();
addEventListener('resize', reach);
document.addEventListener('htmx:afterSwap', reach);

// What a person has opened, picked or typed stays as it is when the server sends the part around it again.
if (window.Idiomorph) {
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
    !(name === 'open' && node.localName === 'details') && !(name === 'checked' && node.type === 'checkbox');
}

// Leaving a page cuts its stream of changes; closed beforehand, that is no error to complain of.
if (window.htmx) {
  htmx.createEventSource = url => {
    const source = new EventSource(url);
    addEventListener('beforeunload', () => source.close());
    return source;
  };
}

// Search everything: Ctrl+K from anywhere; arrow keys walk through what was found.
const find = document.getElementById('find');
if (find) {
  const open = () => { find.showModal(); find.querySelector('input').select(); };
  document.querySelector('[data-find]')?.addEventListener('click', event => { event.preventDefault(); open(); });
  document.addEventListener('keydown', event => {
    if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); open(); }
    if (!find.open || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return;
    const stops = [find.querySelector('input'), ...find.querySelectorAll('#found a')];
    const at = stops.indexOf(document.activeElement);
    stops[(at + (event.key === 'ArrowDown' ? 1 : stops.length - 1)) % stops.length]?.focus();
    event.preventDefault();
  });
  find.addEventListener('click', event => { if (event.target === find) find.close(); });
  find.querySelector('form').addEventListener('submit', event => {
    const first = find.querySelector('#found a');
    if (first) { event.preventDefault(); first.click(); }
  });
}
