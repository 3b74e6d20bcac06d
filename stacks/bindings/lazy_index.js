"use strict";
// The node half of stacks.bindings: a provider's index that loads a submodule when it is first read.
// An index that requires anything in another form is compiled as it is.

const Module = require("module");

const INDEX = /[\\/]node_modules[\\/]@cdktf[\\/]provider-[^\\/]+[\\/]lib[\\/]index\.js$/;
const EXPORT = /^exports\.(\w+) = require\(("\.\/[\w./-]+")\);$/gm;
const GETTER =
  'Object.defineProperty(exports,"$1",{configurable:true,enumerable:true,get(){const value=require($2);' +
  'Object.defineProperty(exports,"$1",{configurable:true,enumerable:true,value});return value;}});';

function lazy(source) {
  const requires = source.split("require(").length - 1;
  const exported = (source.match(EXPORT) ?? []).length;
  return requires === exported ? source.replace(EXPORT, GETTER) : source;
}

const compile = Module.prototype._compile;
Module.prototype._compile = function (source, filename, ...rest) {
  return compile.call(this, INDEX.test(filename) ? lazy(source) : source, filename, ...rest);
};
