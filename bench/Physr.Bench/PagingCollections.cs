// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;

namespace Physr.Bench;

/// <summary>Counts the collections of another .NET process from without, through its diagnostic port. One is asked for at the start, so that a count of none later is no blindness.</summary>
internal sealed class PagingCollections : IDisposable
{
    private const long Collections = 0x1;
    private const long CollectAtOnce = 0x80_0000;

    private readonly EventPipeSession _session;
    private readonly EventPipeEventSource _source;
    private readonly Thread _reader;
    private readonly ManualResetEventSlim _seen = new(false);
    private int _count;

    private PagingCollections(EventPipeSession session)
    {
        _session = session;
        _source = new(session.EventStream);
        _source.Clr.GCStart += _ => Interlocked.Increment(ref _count);
        _source.Clr.GCRestartEEStop += _ => _seen.Set();
        _reader = new(() => _source.Process()) { IsBackground = true };
        _reader.Start();
    }

    /// <summary>Listens, and waits until the first collection was seen.</summary>
    /// <returns>Null where none was seen within half a minute.</returns>
    public static PagingCollections? TryListen(int process)
    {
        EventPipeProvider runtime = new("Microsoft-Windows-DotNETRuntime", EventLevel.Informational, Collections | CollectAtOnce);
        PagingCollections collections = new(new DiagnosticsClient(process).StartEventPipeSession([runtime], requestRundown: false));
        if (!collections._seen.Wait(TimeSpan.FromSeconds(30)))
        {
            collections.Dispose();
            return null;
        }

        collections.First = Volatile.Read(ref collections._count);
        return collections;
    }

    /// <summary>Those that were asked for at the start.</summary>
    public int First { get; private set; }

    /// <summary>Ends listening.</summary>
    /// <returns>Collections since the start.</returns>
    public int Stop()
    {
        _session.Stop();
        _reader.Join();
        return _count - First;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        _source.Dispose();
        _seen.Dispose();
    }
}
