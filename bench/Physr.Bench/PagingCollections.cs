// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;
using Microsoft.Diagnostics.Tracing.Parsers.Clr;

namespace Physr.Bench;

/// <summary>Counts the collections of another .NET process from without, through its diagnostic port. One is asked for at the start, so that a count of none is no blindness.</summary>
internal sealed class PagingCollections : IDisposable
{
    private const long Collections = 0x1;
    private const long CollectAtOnce = 0x80_0000;

    private readonly EventPipeSession _session;
    private readonly EventPipeEventSource _source;
    private readonly Thread _reader;
    private int _asked;
    private int _others;

    private PagingCollections(EventPipeSession session)
    {
        _session = session;
        _source = new(session.EventStream);
        _source.Clr.GCStart += collection =>
        {
            bool isAsked = collection.Reason is GCReason.Induced or GCReason.InducedNotForced or GCReason.InducedCompacting;
            Interlocked.Increment(ref isAsked ? ref _asked : ref _others);
        };
        _reader = new(() => _source.Process()) { IsBackground = true };
        _reader.Start();
    }

    /// <summary>Listens, and gives the collection that is asked for a second.</summary>
    public static PagingCollections Listen(int process)
    {
        EventPipeProvider runtime = new("Microsoft-Windows-DotNETRuntime", EventLevel.Informational, Collections | CollectAtOnce);
        PagingCollections collections = new(new DiagnosticsClient(process).StartEventPipeSession([runtime], requestRundown: false));
        Thread.Sleep(1000);
        return collections;
    }

    /// <summary>Ends listening. What was told meanwhile comes by now at the latest.</summary>
    /// <returns>Collections that nobody asked for; null where the one that was asked for was not told of.</returns>
    public int? Stop()
    {
        _session.Stop();
        _reader.Join();
        return _asked == 0 ? null : _others;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        _source.Dispose();
    }
}
