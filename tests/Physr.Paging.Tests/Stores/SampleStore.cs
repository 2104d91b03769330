// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Paging.Stores;

namespace Physr.Paging.Tests.Stores;

/// <summary>A user's store, in a file. What it is made with is the file's path, and after a comma what it does wrong, for calls at 8192 alone.</summary>
public sealed class SampleStore : IBackingStore
{
    private const ulong Special = 8192;

    private readonly SafeFileHandle _file;
    private readonly string _wrong;

    public SampleStore(string argument, ulong length)
    {
        string[] parts = argument.Split(',');
        _wrong = parts.Length > 1 ? parts[1] : "";
        if (_wrong == "throw at once")
        {
            throw new InvalidDataException("not today");
        }

        if (_wrong == "hang at once")
        {
            Thread.Sleep(Timeout.Infinite);
        }

        Length = _wrong == "be short" ? length - 4096 : length;
        _file = File.OpenHandle(parts[0], FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
    }

    public ulong Length { get; }

    public Errno TryRead(ulong offset, Span<byte> destination, out string reason)
    {
        Errno errno = Misbehave(offset, destination.Length, out reason);
        int count = errno == Errno.None ? RandomAccess.Read(_file, destination, (long)offset) : 0;
        destination[count..].Clear();
        return errno;
    }

    public Errno TryWrite(ulong offset, ReadOnlySpan<byte> source, out string reason)
    {
        Errno errno = Misbehave(offset, source.Length, out reason);
        if (errno == Errno.None)
        {
            RandomAccess.Write(_file, source, (long)offset);
        }

        return errno;
    }

    public Errno TryFlush(out string reason)
    {
        reason = "";
        RandomAccess.FlushToDisk(_file);
        return Errno.None;
    }

    public void Dispose()
    {
        if (_wrong == "hang at the end")
        {
            Thread.Sleep(Timeout.Infinite);
        }

        _file.Dispose();
    }

    private Errno Misbehave(ulong offset, int length, out string reason)
    {
        reason = "";
        if (offset > Special || offset + (ulong)length <= Special)
        {
            return Errno.None;
        }

        switch (_wrong)
        {
            case "throw":
                throw new ArithmeticException("one and one are three");
            case "fail":
                reason = "this page is on strike";
                return Errno.EREMOTEIO;
            case "hang":
                Thread.Sleep(Timeout.Infinite);
                return Errno.None;
            case "be slow":
                Thread.Sleep(900);
                return Errno.None;
            default:
                return Errno.None;
        }
    }
}
