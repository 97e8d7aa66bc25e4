// Shows the element of Elsa Studio that the address asks for, and keeps the address in step with what the Studio does.
(() => {
  const place = document.getElementById('studio');
  const loading = document.getElementById('studio-loading');
  const title = document.getElementById('studio-title');
  const missing = document.getElementById('studio-missing');
  const signedOut = document.getElementById('studio-signed-out');

  const refused = document.getElementById('studio-refused');
  const may = (place?.dataset.may ?? '').split(' ');

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
    // The Studio must know where it is: its lists write their page into the address that they believe in.
    if (window.Blazor?.navigateTo) window.Blazor.navigateTo(pathOf(target));
    else push(null, '', pathOf(target));
    followAddress();
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
  // Monaco's own parts come by its loader, some time after this script.
  window.require?.(['vs/editor/editor.main'], () => window.monaco.editor.onDidCreateEditor(() => setTimeout(() => {
    colourEditors();
    clearEditors();
  })));
  new MutationObserver(colourEditors).observe(document.documentElement, { attributeFilter: ['data-theme'] });
  dark.addEventListener('change', colourEditors);

  // The Studio leaves a code editor behind with every activity that is selected, and at two hundred Monaco reports a leak.
  // The youngest stay: their text may still be asked for, by a save that is under way.
  const editorsKept = 50;
  function clearEditors() {
    const abandoned = window.monaco.editor.getEditors().filter(editor => !editor.getContainerDomNode().isConnected);
    for (const editor of abandoned.slice(0, -editorsKept)) {
      const model = editor.getModel();
      editor.dispose();
      model?.dispose();
    }
  }

  async function show(target) {
    const mine = ++turn;
    document.body.classList.toggle('wide', !!target.id);
    document.body.classList.remove('menu');
    missing.hidden = true;
    refused.hidden = true;
    const previous = shown;
    shown = target;
    mark(target);
    nameTitle(target, mine);

    if (element || previous) {
      // Not even from one workflow to another is the element kept: the text in its code view would stay that of the first.
      element?.remove();
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

  /** An element that gets no content stays empty and says nothing: it is taken away, and the page says what is not there. */
  function showMissing(target) {
    turn++;
    element?.remove();
    element = null;
    loading.hidden = true;
    const [what, list] = target.kind === 'workflow' ? ['workflow', 'workflows'] : ['instance', 'instances'];
    missing.querySelector('strong').textContent = `There is no ${what} “${target.id}”`;
    const link = missing.querySelector('a');
    link.href = kinds[list].path();
    link.textContent = `All ${list}`;
    missing.hidden = false;
  }

  /** Whether an address is that of the content of what is shown. */
  function isShown(url) {
    const found = new URL(url, location.href).pathname.match(/^\/elsa\/api\/(workflow-definitions\/by-definition-id|workflow-instances)\/([^/]+)$/);
    return !!found && shown?.kind === (found[1] === 'workflow-instances' ? 'instance' : 'workflow') && shown.id === decodeURIComponent(found[2]);
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

  let nameFound = null;

  function nameTitle(target, mine) {
    const set = text => {
      if (mine !== turn) return;
      title.textContent = target.id ? text : '';
      document.title = text + ' · Automation';
    };
    set(target.id ? `${kinds[target.kind].title} ${target.id}` : kinds[target.kind].title);
    // The editor asks for the definition anyway; its answer tells the name.
    nameFound = target.kind === 'workflow' ? (id, name) => id === target.id && name && set(name) : null;
  }

  function readName(answer) {
    const id = new URL(answer.url, location.href).pathname.match(/\/workflow-definitions\/by-definition-id\/([^/]+)$/)?.[1];
    if (id && answer.ok && nameFound) answer.clone().json().then(definition => nameFound?.(decodeURIComponent(id), definition.name), () => {});
  }

  // The elements do not survive a refusal, so it is said before a person loses work over it.
  const fetchNow = window.fetch.bind(window);
  window.fetch = async (...request) => {
    const answer = await (await withInputs(request) ?? fetchNow(...request));
    if (answer.status === 401 && new URL(answer.url, location.href).pathname.startsWith('/elsa/')) signedOut.hidden = false;
    else if (answer.ok && !signedOut.hidden) signedOut.hidden = true;
    if (answer.status === 404 && isShown(answer.url)) {
      showMissing(shown);
      // Never answered: the element is gone, and would only throw.
      return new Promise(() => {});
    }
    readName(answer);
    // Of a file that is refused the Studio says no more than the status.
    if (answer.status >= 400 && /\/workflow-definitions(\/[^/]+)?\/import$/.test(new URL(answer.url, location.href).pathname)) await sayRefused(answer.clone());
    return await survivable(answer, request[1]?.method) ?? legible(answer, request[1]?.method);
  };

  /** Where the Studio takes any answer but success for a fault of its own and falls over, the page says what was refused. */
  async function survivable(answer, method) {
    const path = new URL(answer.url, location.href).pathname;
    const isRun = /\/execute$/.test(path) && answer.status === 403;
    if (answer.status < 400 || !isRun && method !== 'DELETE' && !/^\/elsa\/api\/(cancel\/|bulk-actions\/(cancel|delete|import)\/)/.test(path)) return null;
    await sayRefused(answer);
    if (isRun) throw notRun();
    return Response.json({ deleted: 0, cancelled: 0, imported: 0, count: 0 });
  }
  async function sayRefused(answer) {
    const problem = await answer.json().catch(() => null);
    const reason = problem?.errors?.generalErrors?.join(' ') ?? `The server answered ${answer.status}; nothing was changed.`;
    const said = refused.querySelector('span');
    // Of several files each is asked for by itself, and what was said of the first must not go.
    said.textContent = refused.hidden ? reason : `${said.textContent} ${reason}`;
    refused.hidden = false;
  }

  refused.querySelector('button').addEventListener('click', () => { refused.hidden = true; });

  // The Studio's menus do not ask for roles: what the role does not allow is taken out of them.
  const needs = { Run: 'run', Cancel: 'run', Delete: 'run', Duplicate: 'design', Publish: 'design', Unpublish: 'design', Import: 'design' };
  if (!may.includes('design')) {
    new MutationObserver(() => {
      for (const item of document.querySelectorAll('.mud-popover-open .mud-menu-item, .mud-popover-open .mud-list-item')) {
        const need = needs[item.textContent.trim()];
        item.hidden = !!need && !may.includes(need);
      }
    }).observe(document.body, { childList: true, subtree: true, attributeFilter: ['class'] });
  }

  /** The Studio shows the reason of a refusal only where the status is 400: a conflict or a missing right must not pass unseen. */
  function legible(answer, method) {
    const isRefusal = answer.status > 400 && method && method !== 'GET' && answer.headers.get('content-type')?.startsWith('application/problem+json');
    return isRefusal ? new Response(answer.body, { status: 400, headers: answer.headers }) : answer;
  }

  /**
   * The Studio starts a workflow without inputs, whatever it declares. Where it declares some, they are asked for first.
   * Gives null for every other request, and for a workflow without inputs.
   */
  async function withInputs([url, options]) {
    const path = typeof url === 'string' && options?.method === 'POST' ? new URL(url, location.href).pathname : '';
    const definitionId = /^\/elsa\/api\/workflow-definitions\/([^/]+)\/execute$/.exec(path)?.[1];
    if (!definitionId || !options.body) return null;
    const body = JSON.parse(typeof options.body === 'string' ? options.body : new TextDecoder().decode(options.body));
    if (body.input) return null;
    const answer = await fetchNow(`/elsa/api/workflow-definitions/by-definition-id/${definitionId}?versionOptions=${body.versionOptions ?? 'Published'}`);
    const definition = answer.ok ? await answer.json() : { inputs: [] };
    if (definition.inputs.length === 0) return null;
    const input = await askInputs(definition);
    if (!input) throw notRun();
    return fetchNow(url, { ...options, body: JSON.stringify({ ...body, input }) });
  }

  /** What the Studio passes over in silence: of any answer its list would say that the workflow was started. */
  function notRun() {
    return new DOMException('The workflow was not run.', 'AbortError');
  }

  const kindOf = input => input.isArray ? 'json'
    : /^Boolean$/.test(input.type) ? 'flag'
    : /^(Byte|U?Int16|U?Int32|U?Int64|Long|Single|Double|Decimal)$/.test(input.type) ? 'number'
    : /^(Object|ObjectDictionary|StringDictionary|Dictionary.*|ExpandoObject|Json.*|JSON)$/.test(input.type) ? 'json' : 'text';

  /** Asks for the inputs of a workflow; null where the person thinks better of it. */
  function askInputs(definition) {
    const dialog = document.createElement('dialog');
    dialog.className = 'studio-run';
    dialog.setAttribute('aria-labelledby', 'studio-run-title');
    const form = make('form', { method: 'dialog', noValidate: true });
    form.append(make('h2', { id: 'studio-run-title', textContent: `Run ${definition.name ?? definition.definitionId}` }));
    const fields = definition.inputs.map((input, i) => {
      const kind = kindOf(input);
      const field = make(kind === 'json' ? 'textarea' : 'input', { id: `studio-run-${i}`, name: input.name });
      if (kind === 'flag') field.type = 'checkbox';
      if (kind === 'number') { field.type = 'number'; field.step = 'any'; }
      if (kind === 'json') { field.rows = 4; field.spellcheck = false; }
      const given = input.defaultValue ?? input.default;
      if (given != null && kind === 'flag') field.checked = given === true || given === 'true';
      else if (given != null) field.value = typeof given === 'string' ? given : JSON.stringify(given, null, 2);
      const label = make('label', { htmlFor: field.id, textContent: input.displayName || input.name });
      label.append(make('small', { textContent: input.isArray ? `list of ${input.type}, as JSON` : kind === 'json' ? `${input.type}, as JSON` : input.type }));
      const problem = make('p', { className: 'problem', role: 'alert', hidden: true });
      form.append(kind === 'flag' ? row(field, label) : row(label, field), problem);
      if (input.description) problem.before(make('p', { className: 'hint', textContent: input.description }));
      return { input, kind, field, problem };
    });
    const cancel = make('button', { type: 'button', textContent: 'Cancel' });
    form.append(row(cancel, make('button', { className: 'primary', textContent: 'Run' }), 'buttons'));
    dialog.append(form);
    document.body.append(dialog);

    return new Promise(done => {
      const end = value => { dialog.remove(); done(value); };
      cancel.addEventListener('click', () => end(null));
      dialog.addEventListener('cancel', () => end(null));
      form.addEventListener('submit', event => {
        event.preventDefault();
        const values = {};
        let wrong = null;
        for (const { input, kind, field, problem } of fields) {
          problem.hidden = true;
          try {
            const value = read(kind, field);
            if (value !== undefined) values[input.name] = value;
          } catch (error) {
            problem.textContent = error.message;
            problem.hidden = false;
            wrong ??= field;
          }
        }
        if (wrong) wrong.focus();
        else end(values);
      });
      dialog.showModal();
    });

    function read(kind, field) {
      if (kind === 'flag') return field.checked;
      if (field.validity?.badInput) throw new Error('A number is wanted.');
      const text = field.value;
      if (text.trim() === '') return undefined;
      if (kind === 'number') return Number(text);
      if (kind !== 'json') return text;
      try {
        return JSON.parse(text);
      } catch (error) {
        throw new Error(`This is not JSON: ${error.message}`);
      }
    }

    function row(first, second, name = '') {
      const box = make('div', { className: `row ${name}` });
      box.append(first, second);
      return box;
    }

    function make(tag, properties) {
      return Object.assign(document.createElement(tag), properties);
    }
  }

  // Asks the server's origin; with neither key nor token the Studio sends the session's cookie.
  const backend = document.createElement('elsa-backend-provider');
  backend.setAttribute('remote-endpoint', location.origin + '/elsa/api');
  document.body.append(backend);
  followAddress();
})();
