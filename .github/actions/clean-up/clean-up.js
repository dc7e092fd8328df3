// Runs twice: during the job it keeps the name, and after the job it removes the deployment. It needs no packages.
'use strict';

const { spawnSync } = require('node:child_process');
const { appendFileSync } = require('node:fs');

const { STATE_name: name, INPUT_NAME, GITHUB_STATE } = process.env;

// The job's result is that of its tests, so a failure is a warning. `up` of another run removes the rest in time.
function removeDeployment() {
  const { status, stderr, error } = spawnSync('redisctl', ['down', name, '--volumes'], { encoding: 'utf8' });
  if (error?.code === 'ENOENT') {
    return 'redisctl was not installed: there is nothing to remove';
  }
  const said = error ? String(error) : stderr.trim();
  if (status === 0) {
    return `removed ${name}`;
  }
  return said.includes('there is no deployment') ? said : `::warning::could not remove ${name}: ${said}`;
}

if (name) {
  console.log(removeDeployment());
} else {
  appendFileSync(GITHUB_STATE, `name=${INPUT_NAME}\n`);
}
