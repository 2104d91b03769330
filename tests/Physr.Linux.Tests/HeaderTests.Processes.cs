// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Physr.Linux.Interop;

namespace Physr.Linux.Tests;

/// <content>Descriptors, sockets, waiting, processes.</content>
public sealed partial class HeaderTests
{
    internal static HeaderTable Processes { get; } = new()
    {
        Headers = ["poll.h", "sched.h", "signal.h", "spawn.h", "sys/epoll.h", "sys/eventfd.h", "sys/ioctl.h", "sys/socket.h", "sys/syscall.h", "sys/un.h", "sys/wait.h", "linux/futex.h", "linux/memfd.h"],
        Structures = new()
        {
            [RuntimeInformation.ProcessArchitecture == Architecture.X64 ? typeof(EpollEvent) : typeof(AlignedEpollEvent)] = ("epoll_event", ["events", "data.u64"]),
            [typeof(PollDescriptor)] = ("pollfd", ["fd", "events", "revents"]),
            [typeof(Timespec)] = ("timespec", ["tv_sec", "tv_nsec"]),
            [typeof(IoVector)] = ("iovec", ["iov_base", "iov_len"]),
            [typeof(MessageHeader)] = ("msghdr", ["msg_name", "msg_namelen", "msg_iov", "msg_iovlen", "msg_control", "msg_controllen", "msg_flags"]),
            [typeof(ControlHeader)] = ("cmsghdr", ["cmsg_len", "cmsg_level", "cmsg_type"]),
            [typeof(PeerCredentials)] = ("ucred", ["pid", "uid", "gid"]),
            [typeof(SocketAddress)] = ("sockaddr_un", ["sun_family", "sun_path"]),
            [typeof(ChildStatus)] = ("siginfo_t", ["si_code", "si_pid", "si_status"]),
            [typeof(SignalSet)] = ("sigset_t", []),
            [typeof(SpawnActions)] = ("posix_spawn_file_actions_t", []),
            [typeof(SpawnAttributes)] = ("posix_spawnattr_t", []),
        },
        Prototypes = new(StringComparer.Ordinal)
        {
            ["read"] = "long read(int, void *, unsigned long)",
            ["write"] = "long write(int, const void *, unsigned long)",
            ["pread"] = "long pread(int, void *, unsigned long, long)",
            ["pwrite"] = "long pwrite(int, const void *, unsigned long, long)",
            ["lseek"] = "long lseek(int, long, int)",
            ["ftruncate"] = "int ftruncate(int, long)",
            ["fchmod"] = "int fchmod(int, unsigned int)",
            ["ioctl"] = "int ioctl(int, unsigned long, ...)",
            ["syscall"] = "long syscall(long, ...)",
            ["mprotect"] = "int mprotect(void *, unsigned long, int)",
            ["eventfd"] = "int eventfd(unsigned int, int)",
            ["epoll_create1"] = "int epoll_create1(int)",
            ["epoll_ctl"] = "int epoll_ctl(int, int, int, struct epoll_event *)",
            ["epoll_wait"] = "int epoll_wait(int, struct epoll_event *, int, int)",
            ["poll"] = "int poll(struct pollfd *, unsigned long, int)",
            ["socket"] = "int socket(int, int, int)",
            ["socketpair"] = "int socketpair(int, int, int, int *)",
            ["bind"] = "int bind(int, const struct sockaddr *, unsigned int)",
            ["listen"] = "int listen(int, int)",
            ["connect"] = "int connect(int, const struct sockaddr *, unsigned int)",
            ["accept4"] = "int accept4(int, struct sockaddr *, unsigned int *, int)",
            ["sendmsg"] = "long sendmsg(int, const struct msghdr *, int)",
            ["recvmsg"] = "long recvmsg(int, struct msghdr *, int)",
            ["getsockopt"] = "int getsockopt(int, int, int, void *, unsigned int *)",
            ["shutdown"] = "int shutdown(int, int)",
            ["sched_setaffinity"] = "int sched_setaffinity(int, unsigned long, const cpu_set_t *)",
            ["sched_getaffinity"] = "int sched_getaffinity(int, unsigned long, cpu_set_t *)",
            ["sched_getcpu"] = "int sched_getcpu(void)",
            ["waitid"] = "int waitid(idtype_t, unsigned int, siginfo_t *, int)",
            ["posix_spawn"] = "int posix_spawn(int *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const *, char *const *)",
            ["posix_spawn_file_actions_init"] = "int posix_spawn_file_actions_init(posix_spawn_file_actions_t *)",
            ["posix_spawn_file_actions_destroy"] = "int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *)",
            ["posix_spawn_file_actions_addopen"] = "int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *, int, const char *, int, unsigned int)",
            ["posix_spawn_file_actions_adddup2"] = "int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *, int, int)",
            ["posix_spawn_file_actions_addclosefrom_np"] = "int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int)",
            ["posix_spawnattr_init"] = "int posix_spawnattr_init(posix_spawnattr_t *)",
            ["posix_spawnattr_destroy"] = "int posix_spawnattr_destroy(posix_spawnattr_t *)",
            ["posix_spawnattr_setflags"] = "int posix_spawnattr_setflags(posix_spawnattr_t *, short)",
            ["posix_spawnattr_setsigmask"] = "int posix_spawnattr_setsigmask(posix_spawnattr_t *, const sigset_t *)",
            ["posix_spawnattr_setsigdefault"] = "int posix_spawnattr_setsigdefault(posix_spawnattr_t *, const sigset_t *)",
            ["sigfillset"] = "int sigfillset(sigset_t *)",
        },
        Late = ["MADV_COLLAPSE"],
        Elsewhere = [RuntimeInformation.ProcessArchitecture == Architecture.X64 ? typeof(AlignedEpollEvent) : typeof(EpollEvent)],
    };

    [SkippableFact]
    public void CallNumbersAreThoseOfTheHeaders()
    {
        StringBuilder program = new(Preamble);
        PropertyInfo[] numbers = typeof(SystemCall).GetProperties(BindingFlags.Public | BindingFlags.Static);
        Assert.NotEmpty(numbers);
        foreach (PropertyInfo number in numbers)
        {
            program.AppendLine($"_Static_assert({number.Name} == {number.GetValue(null)}, \"{number.Name}\");");
        }

        Prove(program.ToString());
    }
}
