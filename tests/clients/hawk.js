// Signs a request with one of the two Hawk packages, sends it, and insists on a signed answer.
//   node hawk.js PACKAGE ID KEY ORGANIZATION URL [METHOD [BODY [SECONDS]]]   prints the status and the body
// SECONDS is how far the clock is off; a refusal tells the time, and the request is made again by that clock.
const http = require('http');
const https = require('https');

const [PACKAGE, id, key, ext, URL_, METHOD = 'GET', BODY = '', SECONDS = '0'] = process.argv.slice(2);
const Hawk = require(PACKAGE);

const credentials = { id, key, algorithm: 'sha256' };
const contentType = 'application/json; charset=utf-8';

function sign(method, offset) {
  const options = { credentials, ext, localtimeOffsetMsec: offset };
  if (BODY) Object.assign(options, { payload: BODY, contentType });
  return Hawk.client.header(URL_, method, options);
}

function ask(offset) {
  const { header, artifacts } = sign(METHOD, offset);
  const headers = { authorization: header, ...(BODY && { 'content-type': contentType }) };
  const module = URL_.startsWith('https') ? https : http;
  return new Promise((resolve, reject) => {
    const request = module.request(URL_, { method: METHOD, headers }, (response) => {
      let payload = '';
      response.on('data', (part) => { payload += part; });
      response.on('end', () => resolve({ response, payload, artifacts }));
    });
    request.on('error', reject);
    request.end(BODY);
  });
}

async function main() {
  let { response, payload, artifacts } = await ask(Number(SECONDS) * 1000);
  const challenge = response.headers['www-authenticate'] || '';
  const time = challenge.match(/ts="(\d+)"/);
  if (time) {
    // Throws where the time is not signed with our key.
    Hawk.client.authenticate(response, credentials, artifacts);
    console.log(`clock set by the server after ${response.statusCode}`);
    ({ response, payload, artifacts } = await ask(Number(time[1]) * 1000 - Date.now()));
  }
  if (response.statusCode !== 401) {
    Hawk.client.authenticate(response, credentials, artifacts, { payload, required: true });
  }
  console.log(response.statusCode, payload);
}

main();
