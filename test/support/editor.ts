/** The real Node-RED editor in headless Chromium, with the built package installed. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type BrowserContext, type Locator, type Page, chromium } from 'playwright-core';
import { root } from './built-editor';
import { until } from './until';

export const CHROMIUM = '/usr/bin/chromium';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A node of a flow file. */
export interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly [property: string]: unknown;
}

/** One file of nodes, as the palette lists it. */
export interface NodeSet {
  readonly module: string;
  readonly types: readonly string[];
  readonly enabled: boolean;
  readonly err?: string;
}

/** A running Node-RED in a folder of its own. */
export class NodeRed {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(host: ChildProcess, folder: string, url: string) {
    this.#process = host;
    this.#folder = folder;
    this.url = url;
  }

  /**
   * @param prepare fills the user folder first, in place of the checkout
   * @param palette starts it without this package, with a palette manager that may install it; its environment
   */
  static async start(prepare?: (folder: string) => void, palette?: NodeJS.ProcessEnv): Promise<NodeRed> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'regional-exchange-editor-'));
    prepare?.(folder);
    const args = [folder, ...(palette ? ['palette'] : [])];
    const host = fork(path.join(root, 'test/support/node-red-host.mjs'), args, {
      execArgv: [],
      ...(palette && { env: palette }),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [message] = (await Promise.race([once(host, 'message'), once(host, 'exit')])) as [
      { port?: number } | number,
    ];
    if (typeof message !== 'object' || !message.port) throw new Error('Node-RED did not start');
    return new NodeRed(host, folder, `http://127.0.0.1:${message.port}/`);
  }

  /** Replaces all flows. @param token of a user who may, where Node-RED has users */
  async deploy(flows: readonly FlowNode[], token?: string): Promise<void> {
    const answer = await this.post('flows', flows, token);
    if (!answer.ok) throw new Error(`deploying: HTTP ${answer.status} ${await answer.text()}`);
  }

  /** Sets of nodes in the palette. */
  async nodeSets(): Promise<NodeSet[]> {
    const answer = await fetch(`${this.url}nodes`, { headers: { accept: 'application/json' } });
    return (await answer.json()) as NodeSet[];
  }

  /** Calls an admin route. */
  post(route: string, body: unknown, token?: string): Promise<Response> {
    return fetch(this.url + route, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    });
  }

  /** Logs one of the users in that `test-users.json` of the user folder names; gives the token. */
  async login(username: string, password: string): Promise<string> {
    const asked = { client_id: 'node-red-editor', grant_type: 'password', scope: '', username, password };
    const answer = await this.post('auth/token', asked);
    if (!answer.ok) throw new Error(`login of ${username}: HTTP ${answer.status}`);
    return ((await answer.json()) as { access_token: string }).access_token;
  }

  /** The deployed flows, as they are stored. */
  async flows(): Promise<FlowNode[]> {
    return (await (await fetch(`${this.url}flows`)).json()) as FlowNode[];
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null) {
      this.#process.kill();
      await once(this.#process, 'exit');
    }
    // The process that works on a store's file ends a moment later, and may still make a file there.
    await until('the folder is removed', () => {
      try {
        fs.rmSync(this.#folder, { recursive: true, force: true });
        return true;
      } catch {
        return false;
      }
    });
  }
}

export interface EditorOptions {
  readonly locale: 'zh-CN' | 'en-US';
  readonly dark?: boolean;
  /** Of the user who is logged in. */
  readonly token?: string;
}

/** One open editor. */
export class Editor {
  readonly page: Page;
  /** What the page wrote to its console as an error, and exceptions. */
  readonly errors: string[] = [];
  readonly #context: BrowserContext;
  readonly #folder: string;

  private constructor(context: BrowserContext, page: Page, folder: string) {
    this.#context = context;
    this.page = page;
    this.#folder = folder;
    page.on('console', message => {
      // Node-RED catches what a node's editor code throws, and logs it as plain text.
      if (
        message.type() === 'error' ||
        /oneditprepare|Definition error|Validation error/.test(message.text())
      ) {
        this.errors.push(message.text());
      }
    });
    page.on('pageerror', error => this.errors.push(error.stack ?? error.message));
  }

  static async open(url: string, options: EditorOptions): Promise<Editor> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'regional-exchange-chromium-'));
    const context = await chromium.launchPersistentContext(folder, {
      executablePath: CHROMIUM,
      args: FLAGS,
      locale: options.locale,
      viewport: { width: 1440, height: 900 },
    });
    if (options.dark) await context.addInitScript(`localStorage.setItem('view-dark-theme', 'dark')`);
    if (options.token) {
      const tokens = JSON.stringify({ access_token: options.token, token_type: 'Bearer' });
      await context.addInitScript(`localStorage.setItem('auth-tokens', ${JSON.stringify(tokens)})`);
    }
    const page = context.pages()[0] ?? (await context.newPage());
    const editor = new Editor(context, page, folder);
    await page.goto(url);
    await editor.#ready();
    return editor;
  }

  /** Loads the editor anew, with the flows that are deployed now. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.#ready();
  }

  async #ready(): Promise<void> {
    await this.page.waitForFunction(
      `RED?.workspaces?.active?.() && RED.nodes.getType('lab-register') && !$('#red-ui-loading-progress').is(':visible')`,
    );
  }

  /** Hides what Node-RED says of a Node.js that is too old for it: it covers other things. */
  async dismissNotices(): Promise<void> {
    await this.evaluate(`$('.red-ui-notification:contains("Node.js")').hide()`);
  }

  /** Runs an expression in the page. */
  async evaluate<Result>(expression: string): Promise<Result> {
    return this.page.evaluate<Result>(expression);
  }

  /** Opens a node's dialog. */
  async openDialog(id: string): Promise<Dialog> {
    await this.evaluate(`RED.editor.edit(RED.nodes.node('${id}'))`);
    return this.#dialog('node-input-', '#node-dialog');
  }

  /** Opens a config node's dialog. */
  async openConfigDialog(id: string): Promise<Dialog> {
    await this.evaluate(`RED.editor.editConfig('', RED.nodes.node('${id}').type, '${id}')`);
    return this.#dialog('node-config-input-', '#node-config-dialog');
  }

  async #dialog(prefix: string, buttons: string): Promise<Dialog> {
    const tray = this.page.locator('.red-ui-tray').last();
    await tray.locator('.exchange-form').waitFor();
    // The tray slides in; only then are its fields in place.
    await this.page.waitForFunction(
      `!$('.red-ui-tray').last().is(':animated') && parseInt($('.red-ui-tray').last().css('right')) === 0`,
    );
    return new Dialog(this.page, tray, prefix, buttons);
  }

  /** Closes whatever a failed test left open. */
  async closeDialogs(): Promise<void> {
    await this.evaluate(`$('#node-dialog-cancel, #node-config-dialog-cancel').trigger('click')`);
    await this.page.locator('.red-ui-tray').waitFor({ state: 'detached' });
  }

  /** Drags a node from the palette to the middle of the flow, and gives its id. */
  async drag(type: string): Promise<string> {
    const known = await this.evaluate<string[]>(`RED.nodes.filterNodes({type:'${type}'}).map(n => n.id)`);
    const node = this.page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
    await node.scrollIntoViewIfNeeded();
    const from = await node.boundingBox();
    const chart = await this.page.locator('#red-ui-workspace-chart').boundingBox();
    if (!from || !chart) throw new Error(`${type} is not in the palette`);
    await this.page.mouse.move(from.x + 30, from.y + 10);
    await this.page.mouse.down();
    await this.page.mouse.move(from.x + 60, from.y + 20, { steps: 5 });
    await this.page.mouse.move(700, 700, { steps: 20 });
    await this.page.mouse.up();
    const added = `RED.nodes.filterNodes({type:'${type}'}).find(n => !${JSON.stringify(known)}.includes(n.id))?.id`;
    await this.page.waitForFunction(added);
    return this.evaluate<string>(added);
  }

  /** Presses Deploy and waits until Node-RED has taken the flows. */
  async deploy(): Promise<void> {
    const taken = this.page.waitForResponse(
      answer => answer.request().method() === 'POST' && answer.url().endsWith('/flows'),
    );
    await this.page.locator('#red-ui-header-button-deploy').click();
    await taken;
  }

  /** Saves a picture when SCREENSHOTS names a folder; of a question that is asked with the question. */
  async picture(name: string, question?: 'question'): Promise<void> {
    const folder = process.env['SCREENSHOTS'];
    if (!folder) return;
    fs.mkdirSync(folder, { recursive: true });
    await this.page.mouse.move(0, 0);
    await this.evaluate(`$('#red-ui-notifications').toggle(${question !== undefined})`);
    await this.page.waitForFunction(`!$('.red-ui-notification').is(':animated')`);
    await this.page.screenshot({ path: path.join(folder, `${name}.png`) });
    await this.evaluate(`$('#red-ui-notifications').show()`);
  }

  async close(): Promise<void> {
    await this.#context.close();
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** An open dialog of a node or config node. */
export class Dialog {
  readonly tray: Locator;
  readonly #page: Page;
  readonly #prefix: string;
  readonly #buttons: string;

  constructor(page: Page, tray: Locator, prefix: string, buttons: string) {
    this.#page = page;
    this.tray = tray;
    this.#prefix = prefix;
    this.#buttons = buttons;
  }

  field(name: string): Locator {
    return this.#page.locator(`#${this.#prefix}${name}`);
  }

  /** Opens a tab of the form. Node-RED takes a second click within 0.4 s for a double click, and ignores it. */
  async openTab(label: string): Promise<void> {
    const tab = this.tray.locator('.red-ui-tab', { hasText: label });
    do await tab.locator('.red-ui-tab-label').click();
    while (!(await tab.getAttribute('class'))?.includes('active'));
  }

  /** Makes the dialog so wide, as dragging its edge does. */
  async resize(width: number): Promise<void> {
    await this.#page.evaluate(`$('.red-ui-tray').last().width(${width})`);
  }

  /** What stands beyond the right edge of the dialog, by tag and id. */
  async overflowing(): Promise<string[]> {
    return this.tray.evaluate(tray => {
      const edge = tray.getBoundingClientRect().right;
      return [...tray.querySelectorAll('.exchange-form *')]
        .filter(
          element => element.getClientRects().length > 0 && element.getBoundingClientRect().right > edge,
        )
        .map(element => `${element.tagName} ${element.id || element.className}`);
    });
  }

  /** The text that the user reads, including placeholders and choices. */
  async text(): Promise<string> {
    return this.tray.evaluate(tray => {
      const parts = [...tray.querySelectorAll('option, [placeholder]')].map(
        element => element.getAttribute('placeholder') ?? element.textContent,
      );
      return [(tray as HTMLElement).innerText, ...parts].join('\n');
    });
  }

  /** Colour and background of the visible elements that the selector finds in the form. */
  async colours(selector: string): Promise<{ text: string; colour: string; background: string }[]> {
    return this.tray.locator('.exchange-form').evaluate(
      (form, wanted) =>
        [...form.querySelectorAll(wanted)]
          .filter(element => element.getClientRects().length > 0)
          .map(element => {
            let painted: Element | null = element;
            while (painted && getComputedStyle(painted).backgroundColor.endsWith(', 0)'))
              painted = painted.parentElement;
            return {
              text: element.textContent || element.id,
              colour: getComputedStyle(element).color,
              background: painted ? getComputedStyle(painted).backgroundColor : 'rgb(255, 255, 255)',
            };
          }),
      selector,
    );
  }

  async done(): Promise<void> {
    await this.#leave('ok');
  }

  async cancel(): Promise<void> {
    await this.#leave('cancel');
  }

  async #leave(button: 'ok' | 'cancel'): Promise<void> {
    await this.#page.locator(`${this.#buttons}-${button}`).click();
    await this.#page.locator('.red-ui-tray').waitFor({ state: 'detached' });
  }
}
