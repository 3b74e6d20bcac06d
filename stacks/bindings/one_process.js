"use strict";
// The jsii kernel in one node process. By itself jsii starts bin/jsii-runtime.js, which starts the
// kernel, lib/program.js, and passes on each message between Python and the kernel's file descriptor
// 3, and what the kernel prints as lines of JSON. Here the kernel runs in the first process and does
// this itself. A runtime that starts its kernel in another way is run as it is.

const fs = require("fs");
const Module = require("module");
const { Writable } = require("stream");

const RELAY = /[\\/]bin[\\/]jsii-runtime\.js$/;
const STARTS_THE_KERNEL = '(__dirname,"..","lib","program.js")],{stdio:["ignore","pipe","pipe","pipe"]})';
const [STDIN, STDOUT, STDERR, KERNEL] = [0, 1, 2, 3];

function connect() {
  const { readSync, writeSync } = fs;
  const print = (name, chunk) =>
    writeSync(STDERR, `${JSON.stringify({ [name]: Buffer.from(chunk).toString("base64") })}\n`);

  fs.readSync = (fd, ...rest) => readSync(fd === KERNEL ? STDIN : fd, ...rest);
  fs.writeSync = (fd, data, ...rest) => {
    if (fd === KERNEL) return writeSync(STDOUT, data, ...rest);
    if (fd !== STDERR) return writeSync(fd, data, ...rest);
    const chunk = typeof data === "string" ? Buffer.from(data) : data.subarray(rest[0]);
    print("stderr", chunk); // the kernel's own trace (JSII_DEBUG)
    return chunk.length;
  };
  for (const name of ["stdout", "stderr"]) {
    const write = (chunk, _, done) => done(print(name, chunk) && null);
    Object.defineProperty(process, name, { value: new Writable({ write }) });
  }
  process.execArgv.push("--preserve-symlinks"); // or the kernel copies packages instead of linking
  process.on("SIGINT", () => {}); // a terminal sends it to Python too, which ends the kernel in order
}

const compile = Module.prototype._compile;
Module.prototype._compile = function (source, filename, ...rest) {
  if (process.platform === "win32" || !RELAY.test(filename) || !source.includes(STARTS_THE_KERNEL)) {
    return compile.call(this, source, filename, ...rest);
  }
  connect();
  return this.require("../lib/program.js");
};
