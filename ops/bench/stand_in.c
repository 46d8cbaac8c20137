/* The stand-in for the API: it answers at once, or after a latency, and looks at almost nothing.

   stand_in PORT    PORT 0 takes a free one; the port is printed when it listens

   One thread, epoll, answers made ahead. It owns what it counted: leads that arrived, which of them
   (by the number in `maria000123@`), and for those that carry `enqueued_ns` how long they took. It must cost next to nothing, because it shares the
   cores with what is measured. `stand_in.py` does the same where there is no C compiler.

   POST any/leads                  an answer that holds against what was sent, with an id of its own
   POST /control?latency_ms=20     forget what was counted; answer after so long from now on
   GET  /seen                      {"seen": leads, "distinct": numbers, "now_ns": clock}
   GET  /times                     nanoseconds from enqueue to arrival, one a line */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MOST_FDS = 4096, MOST_WAITING = 65536, MOST_TIMES = 65536, READ = 65536 };
enum { DIGITS = 6, MOST_LEADS = 1000000 };

typedef struct {
  char *in, *out;
  size_t in_used, in_size, out_used, out_size;
  uint32_t life; /* an answer that waits for a connection before this one is dropped */
  int open;
} Connection;

typedef struct {
  uint64_t due_ns;
  uint32_t life;
  int fd;
} Waiting;

static Connection connections[MOST_FDS];
static Waiting waiting[MOST_WAITING]; /* a ring: all wait equally long, so the first is due first */
static uint64_t first_waiting, past_waiting;
static uint64_t times[MOST_TIMES];
static size_t times_used;
static uint8_t arrived[MOST_LEADS / 8]; /* a bit for each number */
static uint64_t seen, distinct, ids, latency_ns;
static int poller, timer;

static const char BODY[] =
    "{\"id\":\"b%012llu\",\"workspaceId\":\"w\",\"name\":\"Maria da Silva\",\"email\":\"maria@example.com\","
    "\"phone\":\"+5511987654321\",\"company\":\"Padaria Boa Vista\",\"site\":\"https://example.com\","
    "\"custom\":{\"cargo\":\"x\"},\"utm\":{\"source\":\"google\"},\"capture\":\"completed\",\"agentId\":null,"
    "\"createdAt\":\"2026-01-01T00:00:00.000Z\",\"updatedAt\":\"2026-01-01T00:00:00.000Z\"}";
static char lead_answer[1024];
static size_t lead_answer_length, id_at;

static uint64_t now_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void room(char **buffer, size_t *size, size_t wanted) {
  if (wanted <= *size) return;
  while (*size < wanted) *size = *size ? *size * 2 : 4096;
  *buffer = realloc(*buffer, *size);
  if (!*buffer) abort();
}

static void watch(int fd, uint32_t events, int how) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  epoll_ctl(poller, how, fd, &event);
}

static void drop(int fd) {
  Connection *c = &connections[fd];
  c->open = 0;
  c->life++;
  close(fd);
}

static void flush(int fd) {
  Connection *c = &connections[fd];
  if (!c->open || !c->out_used) return;
  ssize_t sent = send(fd, c->out, c->out_used, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN) {
    drop(fd);
    return;
  }
  if (sent < 0) sent = 0;
  c->out_used -= (size_t)sent;
  if (c->out_used) {
    memmove(c->out, c->out + sent, c->out_used);
    watch(fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
  }
}

static void put(Connection *c, const char *bytes, size_t length) {
  room(&c->out, &c->out_size, c->out_used + length);
  memcpy(c->out + c->out_used, bytes, length);
  c->out_used += length;
}

static void put_text(Connection *c, const char *text) {
  char head[128];
  int length = snprintf(head, sizeof head,
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                        strlen(text));
  put(c, head, (size_t)length);
  put(c, text, strlen(text));
}

static void prepare_answer(void) {
  char body[768];
  int length = snprintf(body, sizeof body, BODY, 0ull);
  lead_answer_length = (size_t)snprintf(
      lead_answer, sizeof lead_answer,
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", length, body);
  id_at = (size_t)(strstr(lead_answer, "\"b0") - lead_answer) + 2;
}

static void put_lead(Connection *c) {
  uint64_t id = ++ids;
  for (int digit = 11; digit >= 0; digit--, id /= 10) lead_answer[id_at + (size_t)digit] = (char)('0' + id % 10);
  put(c, lead_answer, lead_answer_length);
}

static void arm(void) {
  struct itimerspec at = {0};
  if (first_waiting != past_waiting) {
    uint64_t due = waiting[first_waiting % MOST_WAITING].due_ns;
    at.it_value.tv_sec = (time_t)(due / 1000000000u);
    at.it_value.tv_nsec = (long)(due % 1000000000u);
  }
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static void note_time(const char *body, size_t length) {
  static const char KEY[] = "\"enqueued_ns\"";
  const char *at = memmem(body, length, KEY, sizeof KEY - 1), *end = body + length;
  uint64_t then = 0;
  if (!at || times_used == MOST_TIMES) return;
  for (at += sizeof KEY - 1; at < end && (*at < '0' || *at > '9'); at++) continue;
  for (; at < end && *at >= '0' && *at <= '9'; at++) then = then * 10 + (uint64_t)(*at - '0');
  uint64_t now = now_ns(CLOCK_REALTIME);
  if (then) times[times_used++] = now > then ? now - then : 0;
}

/* Notes which lead this is; one without a number counts as seen only, so it is told as not once. */
static void note_number(const char *body, size_t length) {
  static const char KEY[] = "\"maria";
  const char *at = memmem(body, length, KEY, sizeof KEY - 1), *end = body + length;
  uint32_t number = 0;
  if (!at || end - (at += sizeof KEY - 1) <= DIGITS || at[DIGITS] != '@') return;
  for (int digit = 0; digit < DIGITS; digit++, at++) {
    if (*at < '0' || *at > '9') return;
    number = number * 10 + (uint32_t)(*at - '0');
  }
  uint8_t bit = (uint8_t)(1u << number % 8);
  distinct += !(arrived[number / 8] & bit);
  arrived[number / 8] |= bit;
}

static void take_lead(int fd, const char *body, size_t length) {
  seen++;
  note_number(body, length);
  note_time(body, length);
  if (!latency_ns) {
    put_lead(&connections[fd]);
    return;
  }
  if (past_waiting - first_waiting == MOST_WAITING) abort();
  uint64_t due_ns = now_ns(CLOCK_MONOTONIC) + latency_ns;
  waiting[past_waiting++ % MOST_WAITING] = (Waiting){due_ns, connections[fd].life, fd};
  if (past_waiting - first_waiting == 1) arm();
}

static void tell_times(Connection *c) {
  char *text = malloc(times_used * 21 + 1), *at = text;
  if (!text) abort();
  *at = 0;
  for (size_t i = 0; i < times_used; i++) at += sprintf(at, "%llu\n", (unsigned long long)times[i]);
  put_text(c, text);
  free(text);
}

static void take(int fd, const char *head, const char *body, size_t length) {
  Connection *c = &connections[fd];
  char text[128];
  if (!strncmp(head, "POST /control?latency_ms=", 25)) {
    latency_ns = (uint64_t)(atof(head + 25) * 1e6);
    seen = distinct = times_used = 0;
    memset(arrived, 0, sizeof arrived);
    put_text(c, "{}");
  } else if (!strncmp(head, "GET /seen", 9)) {
    snprintf(text, sizeof text, "{\"seen\":%llu,\"distinct\":%llu,\"now_ns\":%llu}",
             (unsigned long long)seen, (unsigned long long)distinct, (unsigned long long)now_ns(CLOCK_MONOTONIC));
    put_text(c, text);
  } else if (!strncmp(head, "GET /times", 10)) {
    tell_times(c);
  } else {
    take_lead(fd, body, length);
  }
}

/* Takes one request off the front of what was received; gives its bytes, 0 where it is not whole. */
static size_t next_request(int fd, char *from, size_t used) {
  char *end = memmem(from, used, "\r\n\r\n", 4);
  if (!end) return 0;
  *end = 0;
  char *field = strcasestr(from, "\ncontent-length:");
  size_t length = field ? strtoul(field + 16, NULL, 10) : 0;
  size_t head = (size_t)(end - from) + 4;
  if (used < head + length) {
    *end = '\r';
    return 0;
  }
  take(fd, from, from + head, length);
  return head + length;
}

static void receive(int fd) {
  Connection *c = &connections[fd];
  room(&c->in, &c->in_size, c->in_used + READ + 1);
  ssize_t got = recv(fd, c->in + c->in_used, READ, MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN)) {
    drop(fd);
    return;
  }
  if (got > 0) c->in_used += (size_t)got;
  size_t at = 0, taken;
  while (at < c->in_used && (taken = next_request(fd, c->in + at, c->in_used - at))) at += taken;
  c->in_used -= at;
  memmove(c->in, c->in + at, c->in_used);
  flush(fd);
}

static void accept_all(int listener) {
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    if (fd >= MOST_FDS) {
      close(fd);
      continue;
    }
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    connections[fd].open = 1;
    connections[fd].in_used = connections[fd].out_used = 0;
    watch(fd, EPOLLIN, EPOLL_CTL_ADD);
  }
}

static void answer_due(void) {
  uint64_t fired, now = now_ns(CLOCK_MONOTONIC);
  if (read(timer, &fired, sizeof fired) < 0 && errno != EAGAIN) abort();
  for (; first_waiting != past_waiting; first_waiting++) {
    Waiting *w = &waiting[first_waiting % MOST_WAITING];
    if (w->due_ns > now) break;
    Connection *c = &connections[w->fd];
    if (!c->open || c->life != w->life) continue;
    put_lead(c);
    flush(w->fd);
  }
  arm();
}

int main(int count, char **words) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int yes = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  address.sin_port = htons((uint16_t)(count > 1 ? atoi(words[1]) : 0));
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1024)) {
    perror("stand_in");
    return 1;
  }
  getsockname(listener, (struct sockaddr *)&address, &size);
  poller = epoll_create1(EPOLL_CLOEXEC);
  timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  watch(listener, EPOLLIN, EPOLL_CTL_ADD);
  watch(timer, EPOLLIN, EPOLL_CTL_ADD);
  prepare_answer();
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (struct epoll_event events[256];;) {
    int ready = epoll_wait(poller, events, 256, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) accept_all(fd);
      else if (fd == timer) answer_due();
      else if (events[i].events & EPOLLOUT) watch(fd, EPOLLIN, EPOLL_CTL_MOD), flush(fd);
      else receive(fd);
    }
  }
}
