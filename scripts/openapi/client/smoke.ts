// What a client does first, with the types that are generated from the OpenAPI document: it signs up
// and in, posts, reads the feed, comments and reacts. It throws an error where a response is not as
// expected.

import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[] };

const base = process.argv[2];
if (!base) {
  throw new Error("usage: node smoke.js http://localhost:8080");
}
const client = createClient<paths>({ baseUrl: base });

function expect(what: string, got: unknown, want: unknown): void {
  if (JSON.stringify(got) !== JSON.stringify(want)) {
    throw new Error(`${what}: ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  }
}

const account = { id: `client.${Date.now()}`, password: "correct horse battery staple" };

const signedUp = await client.POST("/signup", { body: { ...account, name: "Client", nickname: null } });
expect("sign up", [signedUp.response.status, signedUp.data?.id, signedUp.data?.role], [201, account.id, "user"]);

const early = await client.POST("/post", { body: { content: "no token" } });
expect("post without a token", [early.response.status, early.error?.result], [401, "Unauthorized"]);

const tokens = await client.POST("/auth", { body: account });
const authorize: Middleware = {
  onRequest({ request }) {
    request.headers.set("Authorization", `${tokens.data?.token_type} ${tokens.data?.access_token}`);
    return request;
  },
};
client.use(authorize);

const posted = await client.POST("/post", {
  body: { content: "안녕!" }, params: { header: { "Idempotency-Key": account.id } },
});
const post: components["schemas"]["Post"] | undefined = posted.data;
if (!post) {
  throw new Error(`post: ${JSON.stringify(posted.error)}`);
}
expect("post", [posted.response.status, post.content, post.owner.id, post.my_reaction], [201, "안녕!", account.id, null]);
const id = String(post.id);

const feed = await client.GET("/post", { params: { query: { size: 1 } } });
expect("feed", feed.data?.items.map((item) => item.id), [post.id]);

const comment = await client.POST("/post/{id}/comment", { params: { path: { id } }, body: { content: "first" } });
expect("comment", [comment.response.status, comment.data?.post_id], [201, post.id]);

const reaction = await client.PUT("/post/{id}/reaction", { params: { path: { id } }, body: { type: 3 } });
expect("react", [reaction.response.status, reaction.data?.type, reaction.data?.modified], [201, 3, false]);

const read = await client.GET("/post/{id}", { params: { path: { id } } });
expect("read", [read.data?.comment_count, read.data?.reactions["3"], read.data?.my_reaction], [1, 1, 3]);

const timeline = await client.GET("/timeline/{id}", { params: { path: { id: account.id } } });
expect("timeline", timeline.data?.items.length, 1);

const refused = await client.POST("/post", { body: { content: "" } });
expect("an empty post", [refused.response.status, refused.error?.hint], [400, "content: 1 to 3000 characters"]);

const deleted = await client.DELETE("/post/{id}", { params: { path: { id } } });
expect("delete", deleted.response.status, 204);

// The compiler refuses what the document does not have. These lines are not run.
async function neverCalled(): Promise<void> {
  // @ts-expect-error: no such path
  await client.GET("/nothing");
  // @ts-expect-error: the content is missing
  await client.POST("/post", { body: {} });
  // @ts-expect-error: no such header
  await client.POST("/post", { body: { content: "a" }, params: { header: { "Idempotency": "a" } } });
  // @ts-expect-error: the body of a post has no such property
  void (await client.GET("/post/{id}", { params: { path: { id } } })).data?.title;
}
void neverCalled;

console.log("ok");
