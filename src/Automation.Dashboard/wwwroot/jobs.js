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
// A page that the browser restores comes with its boxes as they were.
addEventListener('pageshow', () => document.querySelectorAll('form[data-bulk]').forEach(count));

const place = document.querySelector('[data-chart]');
if (place) draw(place);

async function draw(element) {
  const { default: uPlot } = await import('/lib/uplot.js');
  const sheet = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: '/lib/uplot.css' });
  await new Promise(done => { sheet.onload = sheet.onerror = done; document.head.append(sheet); });

  const rows = () => [...document.querySelectorAll(`#${element.dataset.chart} tbody tr`)];
  const data = () => [
    rows().map(row => Number(row.dataset.at)),
    ...[1, 2, 3].map(i => rows().map(row => Number(row.cells[i].textContent))),
  ];
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  let plot = null;
  const make = () => {
    plot?.destroy();
    const axis = { stroke: colour('--muted'), grid: { stroke: colour('--line-soft'), width: 1 }, ticks: { stroke: colour('--line'), width: 1 } };
    const series = (label, name) => ({ label, stroke: colour(name), fill: `color-mix(in srgb, ${colour(name)} 12%, transparent)`, width: 2, points: { size: 6 } });
    plot = new uPlot({
      width: element.clientWidth,
      height: 190,
      axes: [axis, { ...axis, size: 56, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7] }],
      scales: { y: { range: (_, low, high) => [0, Math.max(4, high * 1.05)] } },
      series: [{}, series('Succeeded', '--good'), series('Failed', '--bad'), series('Deleted', '--faint')],
    }, data(), element);
  };
  make();
  new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: 190 })).observe(element);
  document.addEventListener('htmx:afterSwap', () => plot.setData(data()));
  new MutationObserver(make).observe(document.documentElement, { attributeFilter: ['data-theme'] });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', make);
}
