import type { NginxTemplates } from "./nginx_config.ts";

const TEMPLATES = new URL("../../../deploy/nginx/template/", import.meta.url);

/** Reads what `nginxConfig` fills. Rejects when this is no checkout, or the files may not be read. */
export async function readTemplates(): Promise<NginxTemplates> {
  const read = (name: keyof NginxTemplates) => Deno.readTextFile(new URL(`${name}.conf`, TEMPLATES));
  return {
    main: await read("main"),
    sticky_cookie: await read("sticky_cookie"),
    sticky_token: await read("sticky_token"),
    tls: await read("tls"),
    tls_server: await read("tls_server"),
    redirect: await read("redirect"),
    other_names: await read("other_names"),
  };
}
