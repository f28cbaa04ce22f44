// Makes the Linux calls that Swift's Glibc module hides visible to Transports; declarations only, no logic.
//
// _GNU_SOURCE stays undefined: with it, structures such as fd_set differ from those of Swift's Glibc module and a
// file that imports both modules does not compile. What only _GNU_SOURCE shows is declared below instead.
#ifndef CLINUX_H
#define CLINUX_H
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __USE_GNU
struct mmsghdr {
    struct msghdr msg_hdr;
    unsigned int msg_len;
};
extern int recvmmsg(int descriptor, struct mmsghdr *messages, unsigned int count, int flags, struct timespec *timeout);
extern int sendmmsg(int descriptor, struct mmsghdr *messages, unsigned int count, int flags);
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
#endif

// glibc 2.32 and later.
extern const char *strerrorname_np(int code);
extern const char *strerrordesc_np(int code);

// By number, because glibc 2.34 (still shipped by some distributions) has no epoll_pwait2 although their kernels do.
static inline int clinux_epoll_pwait2(int descriptor, struct epoll_event *events, int capacity,
                                      const struct timespec *timeout) {
#ifdef SYS_epoll_pwait2
    return (int)syscall(SYS_epoll_pwait2, descriptor, events, capacity, timeout, (void *)0, (size_t)0);
#else
    errno = ENOSYS;
    return -1;
#endif
}
#endif
