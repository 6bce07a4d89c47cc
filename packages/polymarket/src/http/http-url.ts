/** The configured address of a REST host. It may have a path, which the routes then follow. @throws {RangeError} Not an http or https URL. */
export function httpUrl(text: string, host: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new RangeError(`${host} needs a URL that begins with https:// or http://`);
  }
  url.hash = '';
  return url;
}

/** The address of a route of this host. */
export function routeUrl(base: URL, route: string): URL {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${route}`;
  return url;
}

/** The parts of an address that errors may name: neither query nor credentials. */
export function placeOf({ host, pathname }: URL): { host: string; path: string } {
  return { host, path: pathname };
}
