// Shows the element of Elsa Studio that the address asks for, and keeps the address in step with what the Studio does.
(() => {
  const place = document.getElementById('studio');
  const loading = document.getElementById('studio-loading');
  const title = document.getElementById('studio-title');
  const signedOut = document.getElementById('studio-signed-out');

  // The elements share popover, dialog and snackbar providers, which outlive an element by about a second.
  const disposalDelay = 1600;

  /** What an address of ours or of the Studio means; null for any other. */
  function read(path) {
    const parts = path.replace(/\/+$/, '').split('/').slice(1).map(decodeURIComponent);
    if (parts[0] === 'studio') parts.shift();
    if (parts[0] === 'workflows' && parts[1] === 'definitions' && parts[3] === 'edit') return { kind: 'workflow', id: parts[2] };
    if (parts[0] === 'workflows' && parts[1] === 'instances' && parts[3] === 'view') return { kind: 'instance', id: parts[2] };
    if (parts[0] === 'workflows' && parts.length === 1) return { kind: 'workflows' };
    if (parts[0] === 'workflows' && parts.length === 2) return { kind: 'workflow', id: parts[1] };
    if (parts[0] === 'instances' && parts.length === 1) return { kind: 'instances' };
    if (parts[0] === 'instances' && parts.length === 2) return { kind: 'instance', id: parts[1] };
    return null;
  }

  const kinds = {
    workflows: { tag: 'elsa-workflow-definition-list', title: 'Workflows', path: () => '/studio/workflows' },
    workflow: { tag: 'elsa-workflow-definition-editor', title: 'Workflow', path: id => '/studio/workflows/' + encodeURIComponent(id) },
    instances: { tag: 'elsa-workflow-instance-list', title: 'Instances', path: () => '/studio/instances' },
    instance: { tag: 'elsa-workflow-instance-viewer', title: 'Instance', path: id => '/studio/instances/' + encodeURIComponent(id) },
  };
  const pathOf = target => kinds[target.kind].path(target.id);

  const push = history.pushState.bind(history);
  const replace = history.replaceState.bind(history);
  let shown = null;
  let element = null;
  let turn = 0;

  function go(target) {
    push(null, '', pathOf(target));
    show(target);
  }

  /** The Studio navigates by changing the address: the ones that mean one of our pages are made ours. */
  function followAddress() {
    const target = read(location.pathname);
    if (!target) return;
    const path = pathOf(target);
    if (location.pathname !== path) replace(history.state, '', path);
    if (!shown || pathOf(shown) !== path) show(target);
  }
  for (const name of ['pushState', 'replaceState']) {
    const original = name === 'pushState' ? push : replace;
    history[name] = (state, unused, url) => {
      original(state, unused, url);
      queueMicrotask(followAddress);
    };
  }
  addEventListener('popstate', () => queueMicrotask(followAddress));

  // Links to these pages stay in this document: starting the Studio anew takes seconds.
  addEventListener('click', event => {
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest?.('a[href]');
    if (!link || link.target || link.origin !== location.origin || !/^\/(studio|workflows)(\/|$)/.test(link.pathname)) return;
    const target = read(link.pathname);
    if (!target) return;
    event.preventDefault();
    event.stopPropagation();
    go(target);
  }, true);

  document.getElementById('studio-menu').addEventListener('click', event => {
    const open = document.body.classList.toggle('menu');
    event.currentTarget.setAttribute('aria-expanded', open);
  });

  // The code editors have colours of their own.
  const dark = matchMedia('(prefers-color-scheme: dark)');
  function colourEditors() {
    const theme = document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light');
    window.monaco?.editor.setTheme(theme === 'dark' ? 'vs-dark' : 'vs');
  }
  window.monaco?.editor.onDidCreateEditor(() => setTimeout(colourEditors));
  new MutationObserver(colourEditors).observe(document.documentElement, { attributeFilter: ['data-theme'] });
  dark.addEventListener('change', colourEditors);

  async function show(target) {
    const mine = ++turn;
    document.body.classList.toggle('wide', !!target.id);
    document.body.classList.remove('menu');
    const previous = shown;
    shown = target;
    mark(target);
    nameTitle(target, mine);

    if (element && previous?.kind === 'workflow' && target.kind === 'workflow') {
      element.setAttribute('definition-id', target.id);
      return;
    }

    if (element) {
      element.remove();
      element = null;
      loading.hidden = false;
      await new Promise(done => setTimeout(done, disposalDelay));
    }

    const { tag } = kinds[target.kind];
    await customElements.whenDefined(tag);
    if (mine !== turn) return;

    const next = document.createElement(tag);
    if (target.kind === 'workflow') next.setAttribute('definition-id', target.id);
    if (target.kind === 'instance') next.setAttribute('instance-id', target.id);
    place.append(next);
    // Set on a live element: a property that is set before the element is upgraded hides the real one.
    next.editWorkflowDefinition = id => go({ kind: 'workflow', id });
    next.viewWorkflowInstance = id => go({ kind: 'instance', id });
    element = next;
    await drawn(next);
    if (mine === turn) loading.hidden = true;
  }

  /** Until the element has drawn something of its own. */
  function drawn(root) {
    const something = () => root.querySelector('.mud-table, .mud-tabs, .mud-toolbar, .elsa-toolbar, canvas, svg, .diagram-designer');
    return new Promise(done => {
      if (something()) return done();
      const observer = new MutationObserver(() => {
        if (!something() && root.isConnected) return;
        observer.disconnect();
        done();
      });
      observer.observe(root, { childList: true, subtree: true });
    });
  }

  function mark(target) {
    const area = target.kind.startsWith('workflow') ? '/studio/workflows' : '/studio/instances';
    for (const link of document.querySelectorAll('.studio-bar nav a')) {
      if (link.pathname === area) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
  }

  async function nameTitle(target, mine) {
    const set = text => {
      if (mine !== turn) return;
      title.textContent = target.id ? text : '';
      document.title = text + ' · Automation';
    };
    set(target.id ? `${kinds[target.kind].title} ${target.id}` : kinds[target.kind].title);
    if (target.kind !== 'workflow') return;
    const answer = await fetch('/elsa/api/workflow-definitions?versionOptions=Latest&definitionIds=' + encodeURIComponent(target.id));
    if (!answer.ok) return;
    const { items } = await answer.json();
    if (items[0]?.name) set(items[0].name);
  }

  // The elements do not survive a refusal, so it is said before a person loses work over it.
  const fetchNow = window.fetch.bind(window);
  window.fetch = async (...request) => {
    const answer = await fetchNow(...request);
    if (answer.status === 401 && new URL(answer.url, location.href).pathname.startsWith('/elsa/')) signedOut.hidden = false;
    else if (answer.ok && !signedOut.hidden) signedOut.hidden = true;
    return answer;
  };

  // Asks the server's origin; with neither key nor token the Studio sends the session's cookie.
  const backend = document.createElement('elsa-backend-provider');
  backend.setAttribute('remote-endpoint', location.origin + '/elsa/api');
  document.body.append(backend);
  followAddress();
})();
