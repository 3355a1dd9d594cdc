// A bare echo server, against which echostamp's is measured: one thread,
// level-triggered epoll, and nothing done to a message but sending it back.
//
// Usage: server PORT, where 0 is a free one.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE = 1024, BATCH = 512, GOODBYE = 0xFF };

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void watch(int epoll, int fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		die("epoll_ctl");
}

// listen_on listens on loopback and says where, so that port 0 is of use.
static int listen_on(int port)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof a;
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&a, len) < 0)
		die("bind");
	if (listen(fd, SOMAXCONN) < 0)
		die("listen");
	if (getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		die("getsockname");
	printf("listening on 127.0.0.1:%d\n", ntohs(a.sin_port));
	fflush(stdout);
	return fd;
}

// welcome takes all connections that wait.
static void welcome(int epoll, int listener)
{
	int fd, on = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
			die("TCP_NODELAY");
		watch(epoll, fd);
	}
	if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
		die("accept4");
}

// echo answers one message. A client waits for each reply, so one that the
// socket does not take whole is a client that breaks the rule: it is closed.
static void echo(int fd)
{
	unsigned char message[MESSAGE];
	ssize_t n = recv(fd, message, sizeof message, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || message[0] == GOODBYE || send(fd, message, n, MSG_NOSIGNAL) != n)
		close(fd);
}

int main(int argc, char **argv)
{
	struct epoll_event events[BATCH];
	int epoll = epoll_create1(0);

	if (argc != 2) {
		fprintf(stderr, "usage: %s PORT\n", argv[0]);
		return 2;
	}
	if (epoll < 0)
		die("epoll_create1");
	int listener = listen_on(atoi(argv[1]));
	watch(epoll, listener);
	for (;;) {
		int n = epoll_wait(epoll, events, BATCH, -1);

		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++)
			if (events[i].data.fd == listener)
				welcome(epoll, listener);
			else
				echo(events[i].data.fd);
	}
}
