// The first path: sign in, invite a partner, watch the mail arrive, answer its link, read the result.
//
// Every path, parameter, body and answer below is checked by the compiler against the contract.

import createClient from "openapi-fetch";
import type { components, paths } from "./relance.js";

type Problem = components["schemas"]["Problem"];
type Invitation = components["schemas"]["InvitationRead"];

const baseUrl = required("RELANCE_URL");

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") {
    throw new Error(`set ${name}`);
  }
  return value;
}

/** The answer of a call, or an error that says what the problem document says. */
function answered<T>(result: { data?: T; error?: unknown }): T {
  if (result.data === undefined) {
    const problem = result.error as Problem;
    throw new Error(`${problem.code}: ${problem.detail}`);
  }
  return result.data;
}

async function signIn(): Promise<string> {
  const client = createClient<paths>({ baseUrl });
  const result = await client.POST("/v1/auth/token", {
    body: { grant_type: "password", username: required("RELANCE_EMAIL"), password: required("RELANCE_PASSWORD") },
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
  });
  return answered(result).access_token;
}

async function main(): Promise<void> {
  const token = await signIn();
  const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}`, "Accept-Language": "en" } });

  const organisations = answered(await api.GET("/v1/organisations", { params: { query: { limit: 1 } } }));
  const organisation = organisations.items[0];
  if (organisation === undefined) {
    throw new Error("the workspace has no organisation");
  }

  const email = `achats-${Date.now()}@partenaire.example`;
  const invitation: Invitation = answered(
    await api.POST("/v1/invitations", {
      body: {
        issuing_organisation_id: organisation.id,
        email,
        partner: { name: "Fonderie Martin", local_id: { scheme: "siren", country: "FR", value: "732829320" } },
        locale: "fr",
      },
    }),
  );
  console.log(`invited ${invitation.email}: ${invitation.status_label}`);

  const link = await linkOf(api, email);
  const token_of_link = new URL(link).pathname.split("/").pop() ?? "";
  const asked = answered(
    await api.GET("/r/{token}", {
      params: { path: { token: token_of_link } },
      headers: { Accept: "application/json" },
    }),
  );
  if (typeof asked === "string") {
    throw new Error("this address answers HTML to browsers, and was asked for JSON");
  }
  console.log(`the partner is asked: ${asked.title}`);

  const refused = await api.POST("/r/{token}/{answer}", {
    params: { path: { token: token_of_link, answer: "submit" } },
    body: { version: asked.version, answers: {} },
    headers: { Accept: "application/json" },
  });
  if (refused.response.status !== 422) {
    throw new Error(`an empty form was answered ${refused.response.status}`);
  }

  const cancelled = await cancel(api, invitation.id);
  console.log(`then: ${cancelled.status_label}`);
}

/** Cancel what was just read. A 412 says that somebody, here the worker, was faster: it is read again. */
async function cancel(api: ReturnType<typeof createClient<paths>>, id: string) {
  for (let attempt = 0; ; attempt += 1) {
    const shown = await api.GET("/v1/invitations/{invitation_id}", { params: { path: { invitation_id: id } } });
    const etag = shown.response.headers.get("ETag");
    const done = await api.POST("/v1/invitations/{invitation_id}/cancel", {
      params: { path: { invitation_id: id }, ...(etag === null ? {} : { header: { "If-Match": etag } }) },
    });
    if (done.response.status !== 412 || attempt === 5) {
      return answered(done);
    }
  }
}

/** The link in the mail to `email`, from the test mailbox of the sandbox, once it has arrived. */
async function linkOf(api: ReturnType<typeof createClient<paths>>, email: string): Promise<string> {
  for (let attempt = 0; attempt < 150; attempt += 1) {
    const mails = answered(await api.GET("/v1/test-mailbox", { params: { query: { to: email } } }));
    const link = mails.items[0]?.links[0];
    if (link !== undefined) {
      return link;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`no mail to ${email} within 30 seconds`);
}

await main();
