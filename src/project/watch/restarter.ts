/** Where the restarter lies in a container. */
export const RESTARTER_PATH = '/.berth-restart.py';
/** What it writes when the program has ended by itself. */
export const ENDED = 'berth: the program ended with exit code';
/** Signal that restarts the program. */
export const RESTART_SIGNAL = 'SIGHUP';
/** What it writes when the former program is gone, so that every answer is one of the new one. */
export const RESTARTED = 'berth: the program starts anew\n';

/**
 * The first process of a container whose code changes while it runs: it starts the program, and starts it anew on SIGHUP. Signals are taken
 * one after another, so that nothing happens twice at a time.
 */
export const RESTARTER = String.raw`import os, signal, sys, time

HANDLED = {signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
GRACE = 0.04


def launch():
    try:
        return os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, setpgroup=0, setsigmask=[], setsigdef=HANDLED)
    except OSError as error:
        sys.stderr.write('${ENDED} 127: %s: %s\n' % (sys.argv[1], error.strerror))
        return None


def reap(wanted):
    """Takes all that has ended; the exit code of the wanted one, or None."""
    code = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if pid == 0:
            return code
        if pid == wanted:
            code = os.waitstatus_to_exitcode(status) if hasattr(os, 'waitstatus_to_exitcode') else status >> 8


def end(child):
    if child is None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child, number)
        except (ProcessLookupError, PermissionError):
            pass
        until = time.monotonic() + (GRACE if number == signal.SIGTERM else 5)
        gone = False
        while not gone and time.monotonic() < until:
            gone = reap(child) is not None
            if not gone:
                time.sleep(0.002)
        if gone:
            break
    try:
        os.killpg(child, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
child = launch()
while True:
    number = signal.sigwait(HANDLED)
    if number == signal.SIGCHLD:
        code = reap(child)
        if code is not None:
            child = None
            sys.stderr.write('${ENDED} %d\n' % (code if code >= 0 else 128 - code))
            sys.stderr.flush()
    elif number == signal.SIGHUP:
        end(child)
        os.write(2, b'${RESTARTED.trimEnd()}\n')
        child = launch()
    else:
        end(child)
        sys.exit(128 + number)
`;
