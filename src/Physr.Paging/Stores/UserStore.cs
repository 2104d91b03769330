// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Stores;

/// <summary>A user's own store, from an assembly that is loaded into this process.</summary>
internal sealed unsafe partial class UserStore : BlockingStore
{
    private readonly IBackingStore _store;
    private readonly UserAssembly _assembly;
    private readonly int _limitMs;

    private UserStore(IBackingStore store, UserAssembly assembly, ulong length, int limitMs)
        : base(length, limitMs) => (_store, _assembly, _limitMs) = (store, assembly, limitMs);

    /// <inheritdoc/>
    public override string Name => $"user store {_store.GetType().FullName}";

    /// <inheritdoc/>
    public override bool IsDurable => true;

    /// <inheritdoc/>
    protected override Errno Call(StoreCall call, ulong offset, nint memory, nuint length, out string reason)
    {
        // SAFETY: memory has length bytes, which are a request's own and fewer than 2 GiB.
        Span<byte> bytes = new((void*)memory, (int)length);
        string? why = "";
        Errno errno;
        try
        {
            errno = call switch
            {
                StoreCall.Read => _store.TryRead(offset, bytes, out why),
                StoreCall.Write => _store.TryWrite(offset, bytes, out why),
                _ => _store.TryFlush(out why),
            };
        }
#pragma warning disable CA1031 // Whatever a user's code throws is a failed call, and never the end of the pager.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            (errno, why) = (Errno.EIO, Describe(exception));
        }

        reason = errno == Errno.None ? "" : $"{call} of {length} bytes at {offset}: {why}";
        return errno;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            // A store that hangs here keeps its assembly loaded, and nothing else.
            _ = TryWithin(
                _limitMs,
                () =>
                {
                    _store.Dispose();
                    _assembly.Unload();
                },
                out _);
        }
    }
}
