// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics.Tracing;

namespace Physr.Paging;

/// <summary>Single page faults as events, for EventPipe and every <see cref="EventListener"/>. While nobody listens, the pager does not write them down.</summary>
[EventSource(Name = "Physr-Paging")]
public sealed class PagingEventSource : EventSource
{
    /// <summary>The one there is.</summary>
    public static readonly PagingEventSource Log = new();

    private const int PollMilliseconds = 10;

    private readonly Lock _lock = new();
    private readonly Dictionary<DevicePrivateRegion, long> _heard = [];
    private Timer? _timer;

    private PagingEventSource()
    {
    }

    /// <summary>A page fault, or a lease's wait, was served.</summary>
    /// <param name="region">The region's name.</param>
    /// <param name="kind">A <see cref="FaultKind"/>.</param>
    /// <param name="page">The page's number.</param>
    /// <param name="pages">How many pages came with it.</param>
    /// <param name="microseconds">How long that took in the pager.</param>
    [Event(1, Level = EventLevel.Informational)]
    public void Fault(string region, int kind, long page, int pages, double microseconds)
    {
        if (IsEnabled())
        {
            WriteEvent(1, region, kind, page, pages, microseconds);
        }
    }

    [NonEvent]
    internal void Follow(DevicePrivateRegion region)
    {
        lock (_lock)
        {
            _heard[region] = 0;
            region.Control.Telling = IsEnabled() ? 1 : 0;
        }
    }

    [NonEvent]
    internal void Forget(DevicePrivateRegion region)
    {
        lock (_lock)
        {
            _heard.Remove(region);
        }
    }

    /// <inheritdoc/>
    protected override void OnEventCommand(EventCommandEventArgs command)
    {
        lock (_lock)
        {
            bool isEnabled = command.Command == EventCommand.Enable || IsEnabled();
            foreach (DevicePrivateRegion region in _heard.Keys)
            {
                region.Control.Telling = isEnabled ? 1 : 0;
            }

            if (isEnabled)
            {
                // Not a lambda that has this: it would be a method of this class, and every such method an event.
                _timer ??= new(static source => ((PagingEventSource)source!).Hear(), this, PollMilliseconds, PollMilliseconds);
            }
            else
            {
                _timer?.Dispose();
                _timer = null;
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _timer?.Dispose();
        base.Dispose(disposing);
    }

    [NonEvent]
    private void Hear()
    {
        lock (_lock)
        {
            foreach ((DevicePrivateRegion region, long heard) in _heard.ToArray())
            {
                long last = heard;
                while (region.Control.TryHear(ref last, out FaultKind kind, out ulong page, out int pages, out long nanoseconds))
                {
                    Fault(region.Name, (int)kind, (long)page, pages, nanoseconds / 1000.0);
                }

                _heard[region] = last;
            }
        }
    }
}
