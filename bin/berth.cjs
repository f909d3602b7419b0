#!/usr/bin/env node
// Runs Berth on the Node 24 that comes with the package `node`, whatever Node started this file. In old syntax, because that one may be old.
'use strict';
var fs = require('fs');
var path = require('path');

var entry = path.join(__dirname, '..', 'dist', 'berth.mjs');

function isNewEnough(version) {
  var parts = version.split('.').map(Number);
  return parts[0] > 24 || (parts[0] === 24 && parts[1] >= 12);
}

function findNode() {
  if (isNewEnough(process.versions.node)) return process.execPath;
  try {
    var own = path.join(path.dirname(require.resolve('node/package.json')), 'bin', 'node');
    if (fs.existsSync(own)) return own;
  } catch (error) {
    // Said below.
  }
  console.error('berth: Node 24 is missing');
  console.error('  why: this is Node ' + process.versions.node + ', and the package `node` did not bring its binary');
  console.error('  fix: npm install -g berth --allow-scripts=node, or install Node 24.12 or newer');
  process.exit(1);
}

function run(node) {
  var args = [entry].concat(process.argv.slice(2));
  // Becomes the other program where this Node can; otherwise stays as a parent that hands signals on.
  if (typeof process.execve === 'function') process.execve(node, [node].concat(args), process.env);
  var child = require('child_process').spawn(node, args, { stdio: 'inherit' });
  ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGWINCH'].forEach(function (signal) {
    process.on(signal, function () {
      // Ctrl-C reaches the child by itself, through the terminal.
      if (signal === 'SIGTERM' || signal === 'SIGHUP' || !process.stdin.isTTY) child.kill(signal);
    });
  });
  child.on('error', function (error) {
    console.error('berth: ' + node + ' cannot be run: ' + error.message);
    process.exit(1);
  });
  child.on('exit', function (code, signal) {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

run(findNode());
