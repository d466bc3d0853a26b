// `npm start`: brings the generated code up to date, then becomes the server.
//
// npm runs it through a shell. A SIGTERM sent to npm ends that shell, and the shell does not pass it on: the server
// takes the loss of its parent for the signal.
if (process.env.npm_lifecycle_event !== undefined) {
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 250);
  watch.unref();
}

await import('./generate.ts');
await import('../src/main.ts');

export {};
