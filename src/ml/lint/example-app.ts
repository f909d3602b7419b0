/** The smallest service, for examples of rules. */
export const APP = 'from flask import Flask\napp = Flask(__name__)\n';
