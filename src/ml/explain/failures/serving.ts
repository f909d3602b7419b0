import type { Failure } from './failure.ts';

/** Servers: where they listen, what they load, how long they may take. Source: messages of uvicorn, gunicorn, Flask, Django, Streamlit and Gradio, 2026-11. */
export const SERVING_FAILURES: readonly Failure[] = [
  {
    code: 'attribute-not-found',
    pattern: /Error loading ASGI app\. Attribute "([\w.]+)" not found|Failed to find attribute '([\w.]+)' in/,
    cause: 'the server looks for {what}, which the module does not define',
    fix: 'name the variable that holds the app in the start command: module:variable',
    example: 'ERROR:    Error loading ASGI app. Attribute "app" not found in module "main".',
  },
  {
    code: 'module-not-found',
    pattern: /Error loading ASGI app\. Could not import module "([\w.]+)"|Failed to (?:import|parse) '([\w.:]+)'|Could not import '([\w.]+)'/, // prettier-ignore
    cause: 'the server could not import {what}: the file is elsewhere, or fails while it is loaded',
    fix: 'start it from the folder that the module lies in, and name folders with dots: app.main:app',
    example: 'ERROR:    Error loading ASGI app. Could not import module "main".',
  },
  {
    code: 'no-flask-app',
    pattern: /Could not locate a Flask application|Failed to find Flask application or factory/,
    cause: 'Flask found no application',
    fix: 'name it: FLASK_APP=module:variable',
    example: 'Error: Could not locate a Flask application. Use the "flask --app" option',
  },
  {
    code: 'localhost-only',
    pattern: /(?:Running on|Uvicorn running on|Listening at:|Running on local URL:|Starting development server at|Serving HTTP on|server is (?:running|listening) (?:at|on)):? ?(?:http:\/\/)?(?:127\.0\.0\.1|localhost)/i, // prettier-ignore
    cause: 'the server listens on 127.0.0.1 of its container, which nothing outside reaches',
    fix: 'let it listen on 0.0.0.0',
    example: ' * Running on http://127.0.0.1:5000',
  },
  {
    code: 'address-in-use',
    pattern: /(?:[Aa]ddress already in use|\[Errno 98\]|Port \d+ is (?:already )?in use|EADDRINUSE)/,
    cause: 'two programs in the container want the same port',
    fix: 'start only one server, or give them different ports; --reload and debug mode start a second one',
    example: 'OSError: [Errno 98] Address already in use',
  },
  {
    code: 'port-privileged',
    pattern: /\[Errno 13\] (?:Permission denied.*\bport|error while attempting to bind)|bind\(\) to 0\.0\.0\.0:\d{1,3} failed \(13: Permission denied\)/, // prettier-ignore
    cause: 'ports below 1024 are kept from accounts without privileges',
    fix: 'let the program listen on 8000 or another high port, and publish it as you like: -p 80:8000',
    example: 'nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)',
  },
  {
    code: 'worker-timeout',
    pattern: /\[CRITICAL\] WORKER TIMEOUT/,
    cause: 'a worker took longer than gunicorn waits, as when a model is loaded by each worker',
    fix: 'start gunicorn with --timeout 300 --preload, or fewer workers',
    example: '[2026-01-01 00:00:00 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:9)',
  },
  {
    code: 'worker-killed',
    pattern: /Worker \(pid:\d+\) was sent SIGKILL! Perhaps out of memory|Worker failed to boot|DataLoader worker \(pid(?:\(s\))? \d+\) (?:is killed by signal(?!: Bus)|exited unexpectedly)/, // prettier-ignore
    cause: 'a worker ended while it was needed, most likely for lack of memory',
    fix: 'start fewer workers (each has a model of its own), or give the container more memory',
    example: '[ERROR] Worker (pid:9) was sent SIGKILL! Perhaps out of memory?',
  },
  {
    code: 'django-hosts',
    pattern: /Invalid HTTP_HOST header: '([^']+)'|DisallowedHost/,
    cause: 'Django answers only for the names in ALLOWED_HOSTS',
    fix: "add the name to ALLOWED_HOSTS in the settings ('*' behind a proxy that checks it)",
    example: "Invalid HTTP_HOST header: '0.0.0.0:8000'. You may need to add '0.0.0.0' to ALLOWED_HOSTS.",
  },
  {
    code: 'django-settings',
    pattern: /ImproperlyConfigured: (?:The SECRET_KEY setting must not be empty|Requested setting \w+, but settings are not configured)/, // prettier-ignore
    cause: 'Django has no settings, or no SECRET_KEY',
    fix: 'set DJANGO_SETTINGS_MODULE and SECRET_KEY: berth serve --env SECRET_KEY=…',
    example: 'django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.',
  },
  {
    code: 'form-data',
    pattern: /Form data requires "python-multipart" to be installed/,
    cause: 'FastAPI takes forms and files only with python-multipart',
    fix: 'add python-multipart to {manifest}',
    example: 'RuntimeError: Form data requires "python-multipart" to be installed.',
  },
  {
    code: 'sagemaker-serve',
    pattern: /(?:exec: "(?:serve|train)": executable file not found|did not pass the ping health check|unrecognized arguments: serve)/, // prettier-ignore
    cause: 'SageMaker starts the image with the word serve (or train), which it does not understand',
    fix: 'give it an entry point that does, as the serving runtime has; berth conform IMAGE --target sagemaker tests it',
    example: 'exec: "serve": executable file not found in $PATH: unknown',
  },
];
