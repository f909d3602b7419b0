import koffi from 'koffi';
import {
  ConflictError,
  InternalError,
  InvalidArgumentError,
  NotFoundError,
  PermissionDeniedError,
  UnavailableError,
} from '#lib/errors.ts';

/**
 * Every C function the engine calls. All return at once (less than a millisecond) unless the verb that uses one says it calls it
 * asynchronously. Numbers that differ by architecture are in `numbers.ts`.
 */
const libc = koffi.load(null);

export const c = {
  mount: libc.func(
    'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
  ),
  umount2: libc.func('int umount2(const char *target, int flags)'),
  mknod: libc.func('int mknod(const char *path, unsigned int mode, uint64_t device)'),
  lsetxattr: libc.func('int lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags)'),
  lgetxattr: libc.func('int64_t lgetxattr(const char *path, const char *name, void *value, size_t size)'),
  flistxattr: libc.func('int64_t flistxattr(int fd, void *list, size_t size)'),
  llistxattr: libc.func('int64_t llistxattr(const char *path, void *list, size_t size)'),
  lremovexattr: libc.func('int lremovexattr(const char *path, const char *name)'),
  utimensat: libc.func('int utimensat(int dirfd, const char *path, const void *times, int flags)'),
  unshare: libc.func('int unshare(int flags)'),
  setns: libc.func('int setns(int fd, int type)'),
  socket: libc.func('int socket(int domain, int type, int protocol)'),
  connect: libc.func('int connect(int fd, const void *address, int length)'),
  bind: libc.func('int bind(int fd, const void *address, int length)'),
  listen: libc.func('int listen(int fd, int backlog)'),
  getsockname: libc.func('int getsockname(int fd, void *address, void *length)'),
  setsockopt: libc.func('int setsockopt(int fd, int level, int option, const void *value, int length)'),
  send: libc.func('int64_t send(int fd, const void *buffer, size_t length, int flags)'),
  recv: libc.func('int64_t recv(int fd, void *buffer, size_t length, int flags)'),
  openat: libc.func('int openat(int dirfd, const char *path, int flags, unsigned int mode)'),
  write: libc.func('int64_t write(int fd, const void *buffer, size_t length)'),
  fchown: libc.func('int fchown(int fd, unsigned int uid, unsigned int gid)'),
  fchmod: libc.func('int fchmod(int fd, unsigned int mode)'),
  futimens: libc.func('int futimens(int fd, const void *times)'),
  read: libc.func('int64_t read(int fd, void *buffer, size_t length)'),
  close: libc.func('int close(int fd)'),
  prctl: libc.func('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)'),
  waitpid: libc.func('int waitpid(int pid, _Out_ int *status, int options)'),
  syncfs: libc.func('int syncfs(int fd)'),
  sync_file_range: libc.func('int sync_file_range(int fd, int64_t offset, int64_t bytes, unsigned int flags)'),
  posix_fadvise: libc.func('int posix_fadvise(int fd, int64_t offset, int64_t length, int advice)'),
  fallocate: libc.func('int fallocate(int fd, int mode, int64_t offset, int64_t length)'),
  copy_file_range: libc.func(
    'int64_t copy_file_range(int from, _Inout_ int64_t *fromOffset, int to, _Inout_ int64_t *toOffset, size_t length, unsigned int flags)',
  ),
  statx: libc.func('int statx(int dirfd, const char *path, int flags, unsigned int mask, void *buffer)'),
  flock: libc.func('int flock(int fd, int operation)'),
  syscall: libc.func('long syscall(long number, ...)'),
  fcntl: libc.func('int fcntl(int fd, int command, ...)'),
  ioctl: libc.func('int ioctl(int fd, unsigned long request, ...)'),
} as const;

const ERRNO = {
  EPERM: 1, ENOENT: 2, ESRCH: 3, EINTR: 4, EIO: 5, ENXIO: 6, EBADF: 9, ECHILD: 10, EAGAIN: 11, ENOMEM: 12, EACCES: 13, ENOTBLK: 15, EBUSY: 16,
  EEXIST: 17, EXDEV: 18, ENODEV: 19, ENOTDIR: 20, EINVAL: 22, ENOTTY: 25, ENOSPC: 28, EROFS: 30, ERANGE: 34, ENAMETOOLONG: 36, ENOSYS: 38,
  ENOTEMPTY: 39, ELOOP: 40, ENODATA: 61, EOPNOTSUPP: 95, EADDRINUSE: 98, EADDRNOTAVAIL: 99, ENETUNREACH: 101, ECONNREFUSED: 111,
} as const; // prettier-ignore

export type Errno = keyof typeof ERRNO | 'other';

/** Name of the calling thread's last error, right after a call. */
export function lastErrno(): Errno {
  const number = koffi.errno();
  return (Object.keys(ERRNO) as (keyof typeof ERRNO)[]).find((name) => ERRNO[name] === number) ?? 'other';
}

/**
 * Passes a C result on, or throws what errno stands for.
 * @throws {NotFoundError} ENOENT, ESRCH; {PermissionDeniedError} EPERM, EACCES; {ConflictError} EBUSY, EEXIST, EADDRINUSE; {InvalidArgumentError} EINVAL, EADDRNOTAVAIL;
 * {UnavailableError} ENOSPC, ENODEV, ECONNREFUSED; {InternalError} all others
 */
export function checked(result: number | bigint, what: string): number {
  if (result >= 0) return Number(result);
  const number = koffi.errno();
  throw errnoError(number, what);
}

/**
 * The result of a call that runs on a thread of its own, because it can take long.
 * @throws as `checked`
 */
export async function checkedLater(
  start: (done: (error: Error | null, result: number | bigint) => void) => void,
  what: string,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  start((error, result) => {
    try {
      if (error !== null) throw new InternalError(`${what}: the call was not made`, { cause: error });
      resolve(checked(result, what)); // errno holds what that thread left in it
    } catch (failure) {
      reject(failure);
    }
  });
  return promise;
}

/** The error that an errno stands for, for calls that tell it otherwise than by `errno` (netlink, asynchronous ones). */
export function errnoError(number: number, what: string): Error {
  const name = Object.entries(ERRNO).find(([, value]) => value === number)?.[0] ?? `errno ${number}`;
  const message = `${what}: ${name}`;
  switch (number) {
    case ERRNO.ENOENT:
    case ERRNO.ESRCH:
      return new NotFoundError(message);
    case ERRNO.EPERM:
    case ERRNO.EACCES:
      return new PermissionDeniedError(message, { hint: 'the engine needs root' });
    case ERRNO.EBUSY:
    case ERRNO.EEXIST:
    case ERRNO.EADDRINUSE:
      return new ConflictError(message);
    case ERRNO.EINVAL:
    case ERRNO.ENAMETOOLONG:
    case ERRNO.ENOTDIR:
    case ERRNO.EADDRNOTAVAIL:
      return new InvalidArgumentError(message);
    case ERRNO.ENOSPC:
      return new UnavailableError(message, { hint: 'free some space on the disk of the data root' });
    case ERRNO.ENODEV:
      return new UnavailableError(message, { hint: 'the kernel lacks this file system or device' });
    case ERRNO.ECONNREFUSED:
      return new UnavailableError(message);
    default:
      return new InternalError(message);
  }
}
