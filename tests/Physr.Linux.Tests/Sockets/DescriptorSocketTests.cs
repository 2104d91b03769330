// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Physr.Linux.Memory;
using Physr.Linux.Sockets;
using Physr.Linux.Tests.Infrastructure;
using Physr.Linux.Waiting;

namespace Physr.Linux.Tests.Sockets;

/// <summary>Messages arrive whole, descriptors with them, and none is left open that nobody got.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class DescriptorSocketTests : IDisposable
{
    private readonly DescriptorSocket _left;
    private readonly DescriptorSocket _right;

    public DescriptorSocketTests()
    {
        Assert.Equal(Errno.None, DescriptorSocket.TryPair(out DescriptorSocket? left, out DescriptorSocket? right));
        (_left, _right) = (left!, right!);
    }

    public void Dispose()
    {
        _left.Dispose();
        _right.Dispose();
    }

    [Fact]
    public void MessagesKeepTheirEndsAndTheirOrder()
    {
        Assert.Equal(Errno.None, _left.TrySend("first"u8, [], true));
        Assert.Equal(Errno.None, _left.TrySend("second one"u8, [], true));
        Assert.Equal(("first", 0), Receive(_right, 0));
        Assert.Equal(("second one", 0), Receive(_right, 3));
        Assert.Equal(Errno.EAGAIN, _right.TryReceive(new byte[8], [], wait: false, out _, out _));
        Assert.Equal(Errno.EINVAL, _left.TrySend([], [], true));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(DescriptorSocket.MaximumDescriptors)]
    public void DescriptorsArriveInOrder_AndAreTheReceivers(int count)
    {
        using Pipe pipe = new();
        Assert.Equal(Errno.None, MemoryFile.TryCreate("sent", 4096, out MemoryFile? made, out _));
        using MemoryFile file = made!;
        SafeFileHandle[] sent = [.. Enumerable.Range(0, count).Select(index => index == count - 1 ? file.Handle : pipe.Writing)];
        Assert.Equal(Errno.None, _left.TrySend("with descriptors"u8, sent, true));
        SafeFileHandle?[] received = new SafeFileHandle?[DescriptorSocket.MaximumDescriptors];
        Assert.Equal(Errno.None, _right.TryReceive(new byte[64], received, true, out int length, out int got));
        Assert.Equal((16, count), (length, got));
        Assert.Equal(2 + count - 1, pipe.Descriptors);
        Assert.Equal(Errno.None, MemoryFile.TryAdopt(received[count - 1]!, 4096, out MemoryFile? adopted, out _));
        adopted!.Dispose();
        Assert.All(received.Take(count), static handle => handle!.Dispose());
        Assert.Equal(2, pipe.Descriptors);
    }

    [Theory]
    [InlineData(3, 0, 64)]
    [InlineData(3, 1, 64)]
    [InlineData(3, 2, 64)]
    [InlineData(3, 3, 4)]
    [InlineData(1, 1, 4)]
    public void AMessageThatIsCutIsRefused_AndItsDescriptorsAreClosed(int sent, int room, int bytes)
    {
        using Pipe pipe = new();
        Assert.Equal(Errno.None, _left.TrySend("eleven byte"u8, [.. Enumerable.Repeat(pipe.Writing, sent)], true));
        SafeFileHandle?[] received = new SafeFileHandle?[room];
        Assert.Equal(Errno.EMSGSIZE, _right.TryReceive(new byte[bytes], received, true, out int length, out int count));
        Assert.Equal((0, 0), (length, count));
        Assert.All(received, Assert.Null);
        Assert.Equal(2, pipe.Descriptors);
        Assert.Equal(Errno.None, _left.TrySend("next"u8, [], true));
        Assert.Equal(("next", 0), Receive(_right, 0));
    }

    [Fact]
    public void ALeftEndIsAMessageOfNoBytes_AndSendingToItFails()
    {
        Assert.Equal(Errno.None, _left.TrySend("last"u8, [], true));
        _left.Dispose();
        Assert.Equal(("last", 0), Receive(_right, 0));
        Assert.Equal(("", 0), Receive(_right, 0));
        Assert.Equal(Errno.EPIPE, _right.TrySend("nobody"u8, [], true));
    }

    [Fact]
    public void AThreadThatWaitsIsToldOfTheHangUp()
    {
        Task<(string, int)> waiting = OwnThread.Start(() => Receive(_right, 1));
        _right.HangUp();
        Assert.Equal(("", 0), OwnThread.Result(waiting));
    }

    [Fact]
    public void ASenderWithoutRoomIsToldInsteadOfWaiting()
    {
        Errno errno = Errno.None;
        byte[] message = new byte[16 << 10];
        for (int sent = 0; sent < 1000 && errno == Errno.None; sent++)
        {
            errno = _left.TrySend(message, [], wait: false);
        }

        Assert.Equal(Errno.EAGAIN, errno);
        Assert.Equal(Errno.EMSGSIZE, _left.TrySend(new byte[64 << 20], [], wait: false));
    }

    [Fact]
    public void ADescriptorThatIsClosedIsNotSent()
    {
        using SafeFileHandle closed = new(-1, ownsHandle: true);
        using Pipe pipe = new();
        Assert.Equal(Errno.EBADF, _left.TrySend("m"u8, [pipe.Writing, closed], true));
        Assert.Equal(Errno.EINVAL, _left.TrySend("m"u8, [.. Enumerable.Repeat(pipe.Writing, DescriptorSocket.MaximumDescriptors + 1)], true));
        Assert.Equal(Errno.EAGAIN, _right.TryReceive(new byte[8], [], wait: false, out _, out _));
    }

    [Fact]
    public void ThePeerIsKnown_OfAPairAndOfAConnection()
    {
        Assert.Equal(Errno.None, _left.TryGetPeer(out int processId, out uint userId, out uint groupId));
        Assert.Equal(Environment.ProcessId, processId);
        using TemporaryFolder folder = new();
        string path = folder.File("socket");
        Assert.Equal(Errno.ENOENT, DescriptorSocket.TryConnect(path, out DescriptorSocket? none, out string reason));
        Assert.Null(none);
        Assert.Contains("nothing is there", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.None, DescriptorSocket.TryListen(path, 4, out DescriptorSocket? listening, out reason));
        Assert.Equal("", reason);
        using DescriptorSocket listener = listening!;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(Errno.EAGAIN, listener.TryAccept(out _, wait: false));
        Assert.Equal(Errno.EADDRINUSE, DescriptorSocket.TryListen(path, 4, out _, out reason));
        Assert.Contains("already", reason, StringComparison.Ordinal);
        Task<DescriptorSocket> accepting = OwnThread.Start(() => listener.TryAccept(out DescriptorSocket? peer) == Errno.None ? peer! : throw new InvalidOperationException());
        Assert.Equal(Errno.None, DescriptorSocket.TryConnect(path, out DescriptorSocket? connected, out _));
        using DescriptorSocket client = connected!;
        using DescriptorSocket server = OwnThread.Result(accepting);
        Assert.Equal(Errno.None, server.TryGetPeer(out int clientId, out uint user, out uint group));
        Assert.Equal((processId, userId, groupId), (clientId, user, group));
        Assert.Equal(Errno.None, client.TrySend("hello"u8, [], true));
        Assert.Equal(("hello", 0), Receive(server, 0));
        listener.Dispose();
        Assert.Equal(Errno.ECONNREFUSED, DescriptorSocket.TryConnect(path, out _, out reason));
        Assert.Contains("nobody listens", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void APathThatIsTooLongIsExplained()
    {
        Assert.Equal(Errno.ENAMETOOLONG, DescriptorSocket.TryListen("/tmp/" + new string('x', 103), 1, out _, out string reason));
        Assert.Contains("107 bytes", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, DescriptorSocket.TryConnect("", out _, out _));
    }

    [Fact]
    public void ASocketIsReadableWhenAMessageIsThere()
    {
        Assert.Equal(Errno.ETIMEDOUT, Readiness.Wait(_right.Handle, 0));
        Assert.Equal(Errno.None, _left.TrySend("m"u8, [], true));
        Assert.Equal(Errno.None, Readiness.Wait(_right.Handle, 0));
    }

    private static (string Text, int Descriptors) Receive(DescriptorSocket socket, int room)
    {
        byte[] buffer = new byte[64];
        SafeFileHandle?[] descriptors = new SafeFileHandle?[room];
        Assert.Equal(Errno.None, socket.TryReceive(buffer, descriptors, wait: true, out int length, out int count));
        return (Encoding.UTF8.GetString(buffer, 0, length), count);
    }
}
