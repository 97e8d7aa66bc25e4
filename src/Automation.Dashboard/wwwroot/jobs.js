// What the job pages do beyond links, forms and htmx: picking rows, and the graph of the history.

function count(form) {
  const boxes = [...form.querySelectorAll('input[name="jobs[]"]')];
  const picked = boxes.filter(box => box.checked).length;
  const all = form.querySelector('[data-check-all]');
  if (all) {
    all.checked = picked > 0 && picked === boxes.length;
    all.indeterminate = picked > 0 && picked < boxes.length;
  }
  const text = form.querySelector('[data-picked]');
  if (text) text.textContent = picked ? `${picked} selected` : '';
}

let last = null;
document.addEventListener('click', event => {
  const box = event.target.closest('form[data-bulk] input[type=checkbox]');
  if (!box) return;
  const form = box.form;
  const boxes = [...form.querySelectorAll('input[name="jobs[]"]')];
  if (box.matches('[data-check-all]')) {
    for (const other of boxes) other.checked = box.checked;
  } else {
    // With shift, everything from the one picked before.
    if (event.shiftKey && last && boxes.includes(last)) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const other of boxes.slice(from, to + 1)) other.checked = box.checked;
    }
    last = box;
  }
  count(form);
});
document.addEventListener('htmx:afterSwap', () => document.querySelectorAll('form[data-bulk]').forEach(count));

// Counts change in silence, but that jobs have failed is told to who does not see it.
const failed = () => Number(document.querySelector('#job-nav-failed')?.dataset.count ?? 0);
let known = failed();
document.addEventListener('htmx:afterSwap', () => {
  const now = failed();
  const news = document.querySelector('[data-job-news]');
  if (news && now > known) news.textContent = `${now - known} more ${now - known === 1 ? 'job has' : 'jobs have'} failed.`;
  known = now;
});
// A page that the browser restores comes with its boxes as they were.
addEventListener('pageshow', () => document.querySelectorAll('form[data-bulk]').forEach(count));

// What works through very many jobs goes on by itself, one form after the other.
document.querySelector('form[data-go-on]')?.requestSubmit();

const history = document.querySelector('[data-chart]');
if (history) drawHistory(history);
const live = document.querySelector('[data-live]');
if (live) drawLive(live);

async function chart(element, { scales = {}, x = {}, legend = {} }, data) {
  const { default: uPlot } = await import('/lib/uplot.js');
  if (!document.querySelector('link[href="/lib/uplot.css"]')) {
    const sheet = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: '/lib/uplot.css' });
    await new Promise(done => { sheet.onload = sheet.onerror = done; document.head.append(sheet); });
  }
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const size = () => ({ width: element.clientWidth, height: 190 });
  let plot = null;
  const make = () => {
    plot?.destroy();
    const axis = { stroke: colour('--muted'), grid: { stroke: colour('--line-soft'), width: 1 }, ticks: { stroke: colour('--line'), width: 1 } };
    const series = (label, name) => ({ label, stroke: colour(name), fill: `color-mix(in srgb, ${colour(name)} 12%, transparent)`, width: 2, points: { size: 6 } });
    plot = new uPlot({
      ...size(),
      axes: [{ ...axis, ...x }, { ...axis, size: 56, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7] }],
      legend,
      scales: { ...scales, y: { range: (_, low, high) => [0, Math.max(4, high * 1.05)] } },
      series: [{}, series('Succeeded', '--good'), series('Failed', '--bad'), series('Deleted', '--faint')],
    }, data(), element);
  };
  make();
  new ResizeObserver(() => plot.setSize(size())).observe(element);
  new MutationObserver(make).observe(document.documentElement, { attributeFilter: ['data-theme'] });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', make);
  return () => plot.setData(data());
}

async function drawHistory(element) {
  const rows = () => [...document.querySelectorAll(`#${element.dataset.chart} tbody tr`)];
  const update = await chart(element, {}, () => [
    rows().map(row => Number(row.dataset.at)),
    ...[1, 2, 3].map(i => rows().map(row => Number(row.cells[i].textContent))),
  ]);
  document.addEventListener('htmx:afterSwap', update);
}

// The last minute: how much the totals have grown from one look to the next, two seconds later.
async function drawLive(element) {
  const seconds = 60;
  const every = 2;
  const names = ['succeeded:count', 'failed:count', 'deleted:count'];
  const points = [];
  let before = null;
  const now = () => Date.now() / 1000;
  const text = document.querySelector('[data-live-text]');
  const clock = at => new Date(at * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const update = await chart(
    element, { scales: { x: { range: () => [now() - seconds, now()] } }, x: { space: 90, values: (_, at) => at.map(clock) }, legend: { live: false } },
    () => [points.map(p => p.at), ...names.map((_, i) => points.map(p => p.grown[i]))]);
  const look = async () => {
    if (document.hidden) { before = null; return; }
    const form = new URLSearchParams(names.map(name => ['metrics[]', name]));
    const answer = await fetch('/hangfire/stats', { method: 'POST', body: form }).catch(() => null);
    if (!answer?.ok) { before = null; text.textContent = 'the server does not answer'; return; }
    const figures = await answer.json();
    const totals = names.map(name => figures[name].intValue);
    // A total shrinks where a job that had ended runs again: that is no negative work.
    if (before) points.push({ at: now(), grown: totals.map((total, i) => Math.max(0, total - before[i])) });
    before = totals;
    while (points.length && points[0].at < now() - seconds) points.shift();
    const sums = names.map((_, i) => points.reduce((sum, p) => sum + p.grown[i], 0).toLocaleString('en'));
    text.textContent = `${sums[0]} succeeded, ${sums[1]} failed, ${sums[2]} deleted in the last minute`;
    update();
  };
  await look();
  setInterval(look, every * 1000);
}
