/** Publishing into a folder that the platform reaches as a share, or through a web server of the hospital. */
import { joinAddress } from './address';
import type { Content } from './content';
import type { Destination, StoreOptions, Stored } from './destination';
import type { Facts } from './inspect';
import { LocalFolder } from './local-folder';

export interface ShareOptions {
  /** The folder as this machine sees it; must exist. */
  readonly folder: string;
  /** The same folder as the platform sees it, such as `\\fileserver\reports`. */
  readonly publishedAs: string;
}

export class Share implements Destination {
  readonly #folder: LocalFolder;
  readonly #publishedAs: string;

  constructor({ folder, publishedAs }: ShareOptions) {
    this.#folder = new LocalFolder(folder, { create: false });
    this.#publishedAs = publishedAs;
  }

  async tidy(): Promise<void> {
    await this.#folder.root();
  }

  draft(name: string): Promise<string> {
    return Promise.resolve(joinAddress(this.#publishedAs, name));
  }

  async store(name: string, content: Content, facts: Facts, options: StoreOptions): Promise<Stored> {
    const change = await this.#folder.turn(name, () => this.#folder.store(name, content, facts, options));
    return { address: joinAddress(this.#publishedAs, name), change };
  }
}
