// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Faults;
using Physr.Linux.Memory;
using Physr.Paging.Stores;

namespace Physr.Paging.Engine;

/// <summary>A window of another process, by its userfaultfd. The pager never maps it: bytes go in by <c>UFFDIO_COPY</c> and out by <c>pread</c>, so a client cannot make the pager fault.</summary>
internal sealed class UffdWindow : IWindow, IDisposable
{
    private readonly Userfaultfd _faults;
    private readonly MemoryFile _file;
    private readonly nint _address;

    /// <summary>Takes over both descriptors.</summary>
    /// <param name="faults">The application's.</param>
    /// <param name="file">The window.</param>
    /// <param name="address">Where the application mapped it.</param>
    public UffdWindow(Userfaultfd faults, MemoryFile file, nint address)
    {
        _faults = faults;
        _file = file;
        _address = address;
    }

    /// <summary>Where faults are read.</summary>
    public Userfaultfd Faults => _faults;

    /// <inheritdoc/>
    public Errno Publish(ulong offset, nint source, nuint length, bool isWritable, out nuint done) =>
        _faults.Copy(At(offset), source, length, writeProtected: !isWritable, wake: true, out done);

    /// <inheritdoc/>
    public Errno Map(ulong offset, nuint length, bool isWritable, out nuint done) => _faults.Continue(At(offset), length, writeProtected: !isWritable, wake: true, out done);

    /// <inheritdoc/>
    public Errno Protect(ulong offset, nuint length) => _faults.WriteProtect(At(offset), length, on: true, wake: false);

    /// <inheritdoc/>
    public Errno Unprotect(ulong offset, nuint length) => _faults.WriteProtect(At(offset), length, on: false, wake: true);

    /// <inheritdoc/>
    public Errno Read(ulong offset, nint destination, nuint length) => _file.Read(destination, length, offset);

    /// <inheritdoc/>
    public Errno Remove(ulong offset, nuint length) => _file.Punch(offset, length);

    /// <inheritdoc/>
    public void Wake(ulong offset, nuint length) => _ = _faults.Wake(At(offset), length);

    /// <inheritdoc/>
    public Errno Poison(ulong offset, nuint length)
    {
        Errno errno = _faults.Poison(At(offset), length, wake: true, out _);
        if (errno == Errno.EEXIST)
        {
            // A page that was write-protected when it left has left a mark of that in the page table, and the kernel puts no mark of poison over it.
            _ = _faults.WriteProtect(At(offset), length, on: false, wake: false);
            errno = _faults.Poison(At(offset), length, wake: true, out _);
        }

        return errno;
    }

    /// <inheritdoc/>
    public bool TryNextResident(ulong from, out ulong start, out ulong end) => _file.TryNextData(from, out start, out end);

    /// <inheritdoc/>
    public Errno Save(PageStore store, ulong offset, nuint length, nint scratch) => store.WriteFrom(_file, offset, offset, length, scratch);

    /// <inheritdoc/>
    public void Dispose()
    {
        _faults.Dispose();
        _file.Dispose();
    }

    private nint At(ulong offset) => _address + (nint)offset;
}
