/** Routes on Node-RED's own HTTP server: httpNodeRoot, httpNodeAuth and TLS of the site apply to them. */
import type { Application, IRouter, Request, RequestHandler, Response } from 'express';
import type { NodeAPI } from 'node-red';

type Handler = (request: Request, response: Response) => void;

interface Layer {
  readonly route?: { readonly path: string };
  readonly handle?: unknown;
}

/** Paths in use by nodes of this pack: a second route on one path would never be reached, without a word. */
const taken = new Map<string, symbol>();

/**
 * Answers every request at `path`, and with `below` also under it, through `handler`. Gives the function that takes the
 * route away, or undefined when another node of this pack has the path.
 */
export function mountRoute(
  RED: NodeAPI,
  path: string,
  handler: Handler,
  { below = false } = {},
): (() => void) | undefined {
  const at = `/${path.replace(/^\/+|\/+$/g, '')}`;
  const key = at.toLowerCase();
  if (at === '/' || taken.has(key)) return undefined;
  const owner = Symbol(at);
  taken.set(key, owner);
  const app = RED.httpNode as Application & { _router?: IRouter; router?: IRouter };
  const route: RequestHandler = (request, response, next) => {
    if (taken.get(key) === owner) handler(request, response);
    else next();
  };
  if (below) app.use(at, route);
  else app.all(at, route);
  return () => {
    taken.delete(key);
    removeLayer(app, route, at);
  };
}

/** Express has no way to remove a route; its own HTTP nodes take it out of the stack in the same manner. */
function removeLayer(
  app: { _router?: IRouter; router?: IRouter },
  handle: RequestHandler,
  path: string,
): void {
  const router = app._router ?? app.router;
  const stack = router?.stack as (Layer & { route?: { stack?: Layer[] } })[] | undefined;
  const at = stack?.findIndex(
    layer =>
      layer.handle === handle ||
      (layer.route?.path === path && layer.route.stack?.some(inner => inner.handle === handle)),
  );
  if (stack && at !== undefined && at >= 0) stack.splice(at, 1);
}
