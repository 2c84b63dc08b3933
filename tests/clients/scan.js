// The document's JavaScript example; host, key and target come from the command line.
const axios = require('axios');

const [BASE_URL, API_KEY, TARGET] = process.argv.slice(2);

const headers = {
  'Authorization': `Bearer ${API_KEY}`,
  'Content-Type': 'application/json'
};

async function scanTarget(target) {
  const scanResponse = await axios.post(`${BASE_URL}/scans`, {
    target,
    scan_type: 'tcp',
    ports: '1-1000',
    options: {
      service_detection: true,
      ssl_check: true
    }
  }, { headers });
  const scanId = scanResponse.data.data.scan_id;
  console.log(`Scan started: ${scanId}`);
}

scanTarget(TARGET);
