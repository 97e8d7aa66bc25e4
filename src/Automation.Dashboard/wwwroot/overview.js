// The overview's charts. Their figures come with the page and, as time goes on, with its live part.
import uPlot from '/lib/uplot.js';

const sheet = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: '/lib/uplot.css' });
await new Promise(done => { sheet.onload = sheet.onerror = done; document.head.append(sheet); });

const lines = {
  events: [['events', 'taken', '--accent'], ['rejected', 'refused', '--warn']],
  workflows: [['started', 'started', '--info'], ['finished', 'ended', '--good']],
  jobs: [['jobs', 'jobs done', '--good'], ['failures', 'failures', '--bad']],
  latency: [['median', 'median', '--good'], ['p95', '95 %', '--warn'], ['p99', '99 %', '--bad']],
};
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
// A tick in the reader's zone: the time, or the day where days lie between ticks.
const clock = (seconds, step) => {
  const at = new Date(seconds * 1000);
  return step >= 86400 ? at.toLocaleDateString([], { day: 'numeric', month: 'short' }) : at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
};
const values = () => JSON.parse(document.getElementById('series').dataset.values);
const plots = new Map();

function data(id, series) {
  return [series.at, ...lines[id].map(([name]) => series[name])];
}

function make(element) {
  const id = element.dataset.plot;
  plots.get(element)?.destroy();
  const axis = { stroke: colour('--muted'), grid: { stroke: colour('--line-soft'), width: 1 }, ticks: { stroke: colour('--line-soft'), width: 1, size: 4 } };
  const latency = id === 'latency';
  plots.set(element, new uPlot({
    width: element.clientWidth,
    height: 150,
    padding: [8, 16, 0, 0],
    cursor: { points: { size: 6 } },
    legend: { live: true },
    axes: [{ ...axis, size: 28, space: 70, values: (_, ticks, __, ___, step) => ticks.map(t => clock(t, step)) }, { ...axis, size: 48, values: (_, ticks) => ticks.map(t => t >= 1000 ? `${t / 1000}k` : `${t}`), ...(latency ? {} : { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6] }) }],
    scales: { y: { range: (_, low, high) => [0, Math.max(latency ? 1 : 4, (high ?? 0) * 1.08)] } },
    series: [{ value: (_, at) => at == null ? '–' : new Date(at * 1000).toLocaleString([], { dateStyle: 'short', timeStyle: 'short' }) }, ...lines[id].map(([, label, name], i) => ({
      label, value: (_, v) => v == null ? '–' : v.toLocaleString(), stroke: colour(name), width: 1.5, spanGaps: true, points: { show: latency, size: 4 },
      fill: i === 0 && !latency ? `color-mix(in srgb, ${colour(name)} 12%, transparent)` : undefined,
    }))],
  }, data(id, values()), element));
}

const places = [...document.querySelectorAll('[data-plot]')];
places.forEach(make);
const sized = new ResizeObserver(entries => entries.forEach(({ target }) => plots.get(target)?.setSize({ width: target.clientWidth, height: 150 })));
places.forEach(place => sized.observe(place));
document.addEventListener('htmx:afterSwap', event => {
  if (event.detail.target.id === 'series') places.forEach(place => plots.get(place).setData(data(place.dataset.plot, values())));
});
const repaint = () => places.forEach(make);
new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ['data-theme'] });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
