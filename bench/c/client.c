// A bare load generator, against which echostamp's is measured: one thread,
// level-triggered epoll, closed loop. It does what the figures need and no more.
//
// Usage: client ADDR PORT CLIENTS SECONDS SIZE EXTRA WARMUP_SECONDS
//
// Each client sends SIZE bytes and waits until SIZE+EXTRA bytes are back. What
// comes back is counted, not compared. The figures of the SECONDS after the
// warm-up are printed as a line of JSON, times in nanoseconds.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

enum { MESSAGE = 1024, REPLY = 2 * MESSAGE, BATCH = 512, SUB = 1024 };

struct client {
	int fd;
	int have;     // bytes of the reply
	int64_t sent; // when its message was sent
};

// The histogram: values under 2·SUB have a bucket each; above, each power of
// two has SUB of them. So a value is known to a thousandth.
static uint32_t buckets[56 * SUB];
static uint64_t count;

static char message[MESSAGE];
static int size, want;

static void fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void record(uint64_t ns)
{
	int shift = ns < 2 * SUB ? 0 : 53 - __builtin_clzll(ns);

	buckets[shift * SUB + (ns >> shift)]++;
	count++;
}

// percentile returns the highest value of the bucket that holds the fraction.
static int64_t percentile(double fraction)
{
	uint64_t rank = fraction * count, seen = 0;
	int i = 0;

	while (i < 56 * SUB - 1 && (seen += buckets[i]) <= rank)
		i++;
	int shift = i < 2 * SUB ? 0 : i / SUB - 1;
	return ((int64_t)(i - shift * SUB + 1) << shift) - 1;
}

static void say(struct client *c, int64_t at)
{
	c->sent = at;
	c->have = 0;
	if (send(c->fd, message, size, MSG_NOSIGNAL) != size)
		die("send");
}

static void join(struct client *c, int epoll, const struct sockaddr_in *to)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
	int on = 1;

	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd < 0)
		die("socket");
	if (connect(c->fd, (const struct sockaddr *)to, sizeof *to) < 0)
		die("connect");
	if (setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
		die("TCP_NODELAY");
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e) < 0)
		die("epoll_ctl");
}

// hear reads what is there of a reply, and answers a whole one with the next
// message. One reading of the clock ends a round trip and begins the next.
static int64_t hear(struct client *c, int64_t begin, int64_t end)
{
	char reply[REPLY];
	ssize_t n = recv(c->fd, reply, sizeof reply, 0);
	int64_t at = now();

	if (n < 0)
		die("recv");
	if (n == 0)
		fail("the server closed a connection");
	c->have += n;
	if (c->have > want)
		fail("a reply is longer than SIZE+EXTRA");
	if (c->have == want) {
		if (at >= begin && at < end)
			record(at - c->sent);
		say(c, at);
	}
	return at;
}

static void run(int epoll, int64_t begin, int64_t end)
{
	struct epoll_event events[BATCH];
	int64_t at = 0;

	while (at < end) {
		int n = epoll_wait(epoll, events, BATCH, 1000);

		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		if (n == 0)
			fail("no reply for a second");
		for (int i = 0; i < n; i++)
			at = hear(events[i].data.ptr, begin, end);
	}
}

int main(int argc, char **argv)
{
	if (argc != 8) {
		fprintf(stderr, "usage: %s ADDR PORT CLIENTS SECONDS SIZE EXTRA WARMUP_SECONDS\n", argv[0]);
		return 2;
	}
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
	int clients = atoi(argv[3]), epoll = epoll_create1(0);
	double seconds = atof(argv[4]), warmup = atof(argv[7]);
	struct client *all = calloc(clients > 0 ? clients : 1, sizeof *all);

	size = atoi(argv[5]);
	want = size + atoi(argv[6]);
	if (inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 || clients < 1 || seconds <= 0)
		fail("a bad ADDR, CLIENTS or SECONDS");
	if (size < 1 || size > MESSAGE || want < size || want > REPLY)
		fail("a bad SIZE or EXTRA");
	if (!all || epoll < 0)
		die("cannot begin");
	memset(message, '1', size); // a digit, as a timestamp begins with
	for (int i = 0; i < clients; i++)
		join(&all[i], epoll, &to);
	int64_t begin = now() + warmup * 1e9;
	for (int i = 0; i < clients; i++)
		say(&all[i], now());
	run(epoll, begin, begin + seconds * 1e9);
	if (!count)
		fail("no reply after the warm-up");
	printf("{\"rate\": %.1f, \"p50\": %lld, \"p99\": %lld, \"count\": %llu}\n", count / seconds,
	       (long long)percentile(.50), (long long)percentile(.99), (unsigned long long)count);
}
