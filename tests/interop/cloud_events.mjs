// Prints events as the official JavaScript SDK of CloudEvents puts them into HTTP requests.
//
//   node DIR/cloud_events.mjs     (DIR/cloud_events.mjs is the copy that `setup DIR` makes)
//
// A line of JSON for each: the case and the mode (`binary` or `structured`), the request (`headers`,
// `body_base64`), and what went in: `attributes`, and `data` or, where it is bytes, `data_base64`.

import { CloudEvent, HTTP } from 'cloudevents';

const CASES = {
  json: { data: { id: 'in_1', total: 19.99, name: 'Zoë 日本語 👩‍🚀', nested: { list: [1, null, true] } } },
  text: { datacontenttype: 'text/plain; charset=utf-8', data: 'Grüße, "quoted"\nand a second line' },
  binary: { datacontenttype: 'application/octet-stream', data: Uint8Array.from([0, 255, 254, 128, 10, 0]) },
  extensions: {
    data: {},
    partitionkey: 'customer 7',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    sequence: 42,
    final: true,
  },
  stops: { id: 'order.1700000000.retry', data: { stops: true } },
  offset: { time: '2024-05-06T07:08:09.123+05:30', data: {} },
  described: { subject: 'orders/1?x=y', dataschema: 'https://example.com/order.json', data: { order: 1 } },
  without_data: {},
};

for (const [name, given] of Object.entries(CASES)) {
  for (const mode of ['binary', 'structured']) {
    const { data, ...rest } = {
      source: '/interop/node',
      type: 'com.example.order.created',
      datacontenttype: given.data === undefined ? undefined : 'application/json',
      time: '2024-05-06T07:08:09.000Z',
      ...given,
      // Its own in either mode: source and id together name an event.
      id: `${given.id ?? name}-${mode}`,
    };
    const { headers, body } = HTTP[mode](new CloudEvent({ ...rest, data }));
    const line = {
      case: name,
      mode,
      headers: Object.fromEntries(Object.entries(headers).map(([header, value]) => [header, String(value)])),
      body_base64: Buffer.from(body ?? '').toString('base64'),
      attributes: rest,
      ...(data instanceof Uint8Array ? { data_base64: Buffer.from(data).toString('base64') } : { data }),
    };
    console.log(JSON.stringify(line));
  }
}
