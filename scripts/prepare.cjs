// Runs before `npm test` and `npm run check` on whatever Node npm came with: brings node_modules in line with the lock file once.
// In old syntax, because that Node may be old; what follows runs on the Node 24 that this installs.
'use strict';
var fs = require('fs');
var path = require('path');
var spawn = require('child_process').spawnSync;

var top = path.join(__dirname, '..');
var stamp = path.join(top, 'node_modules', '.package-lock.json');

function changed(file) {
  return fs.existsSync(file) ? fs.statSync(file).mtimeMs : 0;
}

if (changed(stamp) < changed(path.join(top, 'package-lock.json'))) {
  console.error('installing the packages of package-lock.json');
  var result = spawn('sh', [path.join(__dirname, 'npm-ci.sh')], { cwd: top, stdio: ['ignore', 'ignore', 'inherit'] });
  if (result.status !== 0) {
    console.error('npm ci failed; run it by hand to see why');
    process.exit(1);
  }
}
