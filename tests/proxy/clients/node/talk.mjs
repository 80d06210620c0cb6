// What a user of OpenAI's client for Node does, through the gateway that GATEWAY describes. Prints one line of JSON a check.

import assert from "node:assert/strict";
import OpenAI from "openai";

const { base_url, key, model, greedy, calling, tools, question, schema, faulty } = JSON.parse(process.env.GATEWAY);
const client = new OpenAI({ baseURL: base_url, apiKey: key, maxRetries: 0 });
const messages = [{ role: "user", content: "Hello, how are you?" }];

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  assert.fail("it did not fail");
}

const checks = {
  async answer() {
    const answer = await client.chat.completions.create({ model, messages, ...greedy });
    assert.equal(answer.object, "chat.completion");
    assert.ok(answer.choices[0].message.content);
    assert.ok(answer.usage.total_tokens > 0);
  },

  async stream() {
    const whole = await client.chat.completions.create({ model, messages, ...greedy });
    const asked = { model, messages, stream: true, stream_options: { include_usage: true }, ...greedy };
    const chunks = [];
    for await (const chunk of await client.chat.completions.create(asked)) chunks.push(chunk);
    const said = chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? "").join("");
    assert.equal(said, whole.choices[0].message.content);
    assert.deepEqual(chunks.at(-1).choices, []);
    assert.equal(chunks.at(-1).usage.completion_tokens, whole.usage.completion_tokens);
  },

  async stream_of_events() {
    const runner = client.chat.completions.stream({ model, messages, ...greedy });
    let said = "";
    runner.on("content", (delta) => { said += delta; });
    const answer = await runner.finalChatCompletion();
    assert.equal(answer.choices[0].message.content, said);
  },

  async parse() {
    const response_format = { type: "json_schema", json_schema: { name: "report", strict: true, schema } };
    const asked = { model, messages, response_format, ...greedy, max_tokens: 100 };
    const answer = await client.chat.completions.create(asked);
    assert.deepEqual(Object.keys(JSON.parse(answer.choices[0].message.content)).sort(), ["certain", "mood"]);
  },

  async tools() {
    const asked = [{ role: "user", content: question }];
    const answer = await client.chat.completions.create({ model, messages: asked, tools, ...calling });
    const [call] = answer.choices[0].message.tool_calls;
    assert.equal(call.function.name, "get_weather");
    assert.deepEqual(Object.keys(JSON.parse(call.function.arguments)).sort(), ["city", "days"]);
    const turns = [...asked, answer.choices[0].message, { role: "tool", tool_call_id: call.id, content: "Sunny." }];
    const reply = await client.chat.completions.create({ model, messages: turns, tools, ...greedy });
    assert.ok(["stop", "length"].includes(reply.choices[0].finish_reason));
  },

  async raw_headers() {
    const headers = { "x-litellm-call-id": "node.1" };
    const { data, response } = await client.chat.completions
      .create({ model, messages, ...greedy }, { headers }).withResponse();
    assert.ok(data.id);
    assert.equal(response.headers.get("x-litellm-call-id"), "node.1");
    assert.equal(response.headers.get("x-litellm-model-group"), model);
  },

  async models() {
    const ids = [];
    for await (const each of client.models.list()) ids.push(each.id);
    assert.ok(ids.includes(model));
    assert.equal((await client.models.retrieve(model)).id, model);
  },

  async wrong_key() {
    const stranger = new OpenAI({ baseURL: base_url, apiKey: "sk-wrong", maxRetries: 0 });
    const error = await failure(stranger.chat.completions.create({ model, messages }));
    assert.ok(error instanceof OpenAI.AuthenticationError);
    assert.equal(error.code, "invalid_api_key");
  },

  async unknown_model() {
    const error = await failure(client.chat.completions.create({ model: "nobody-knows-it", messages }));
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, "model_not_found");
    assert.equal(error.param, "model");
  },

  async leaving_early() {
    const stream = await client.chat.completions.create({ model, messages, stream: true, ...greedy });
    for await (const chunk of stream) {
      assert.ok(chunk.id);
      break; // the client hangs up
    }
    assert.ok((await client.chat.completions.create({ model, messages, ...greedy })).id);
  },

  async cut_stream() {
    if (!faulty) return;
    let said = "";
    const asked = { model: "faulty/cut", messages: [{ role: "user", content: "Say 60 words." }], stream: true };
    const error = await failure((async () => {
      for await (const chunk of await client.chat.completions.create(asked)) {
        said += chunk.choices[0].delta.content ?? "";
      }
    })());
    assert.ok(error instanceof OpenAI.APIError);
    assert.equal(said.trim().split(/\s+/).length, 5);
  },
};

for (const [name, check] of Object.entries(checks)) {
  let error = null;
  try {
    await check();
  } catch (caught) {
    error = caught.stack ?? String(caught);
  }
  console.log(JSON.stringify({ name, error }));
}
