// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Physr.Pager;

/// <summary>Where threads of other processes run, from <c>/proc/PID/task/TID/stat</c> (proc(5): field 39). Descriptors are kept, so that asking again allocates nothing.</summary>
internal sealed class ThreadPlaces : IDisposable
{
    private const int MostThreads = 64;
    private const int ProcessorField = 39;

    private readonly Dictionary<uint, SafeFileHandle> _threads = [];

    /// <summary>The processor that a thread is on, or was on last.</summary>
    /// <returns>-1: the thread is gone, or this process may not look.</returns>
    public int Processor(uint process, uint thread)
    {
        if (!_threads.TryGetValue(thread, out SafeFileHandle? stat))
        {
            if (_threads.Count >= MostThreads)
            {
                Dispose();
            }

            try
            {
                stat = File.OpenHandle($"/proc/{process}/task/{thread}/stat", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return -1;
            }

            _threads.Add(thread, stat);
        }

        Span<byte> text = stackalloc byte[1024];
        try
        {
            return Parse(text[..RandomAccess.Read(stat, text, 0)]);
        }
        catch (IOException)
        {
            // ESRCH: it ended. Its number may come again as another thread's.
            _threads.Remove(thread);
            stat.Dispose();
            return -1;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SafeFileHandle stat in _threads.Values)
        {
            stat.Dispose();
        }

        _threads.Clear();
    }

    /// <summary>Finds the field. The second one is a name in brackets that may have spaces and brackets in it.</summary>
    internal static int Parse(ReadOnlySpan<byte> stat)
    {
        int close = stat.LastIndexOf((byte)')');
        ReadOnlySpan<byte> rest = close < 0 ? default : stat[(close + 1)..];
        for (int field = 3; !rest.IsEmpty; field++)
        {
            rest = rest[1..];
            int space = rest.IndexOf((byte)' ');
            ReadOnlySpan<byte> value = space < 0 ? rest : rest[..space];
            if (field == ProcessorField)
            {
                return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int processor) ? processor : -1;
            }

            rest = space < 0 ? default : rest[space..];
        }

        return -1;
    }
}
