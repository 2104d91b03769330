// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Sharing;

/// <summary>A switch of memory decoding under way, buffer after buffer (<see cref="BarSliceExporter.BeginMemoryEnabled"/>). It belongs to the thread that began it, holds the
/// device's control lock between steps, and has to be brought to its end.</summary>
public sealed class BarSliceChange
{
    private readonly BarSliceExporter _exporter;
    private readonly bool _isEnabled;
    private readonly List<Exception> _thrown = [];
    private DmaBufOperation[]? _operations;
    private int _next;

    internal BarSliceChange(BarSliceExporter exporter, bool isEnabled)
    {
        _exporter = exporter;
        _isEnabled = isEnabled;
    }

    /// <summary>Whether it is over.</summary>
    public bool IsOver { get; private set; }

    /// <summary>With which answer it ended: those of <see cref="BarSliceExporter.SetMemoryEnabled"/>.</summary>
    public Errno Errno { get; private set; }

    /// <summary>Goes as far as it can without waiting.</summary>
    /// <returns>Whether it is over.</returns>
    /// <exception cref="AggregateException">Importers threw when they were told; it is over nevertheless.</exception>
    public bool TryAdvance()
    {
        if (IsOver || (_operations is null && !TryBegin()))
        {
            return IsOver;
        }

        for (; _next < _operations!.Length; _next++)
        {
            try
            {
                if (!_operations[_next].TryAdvance())
                {
                    return false;
                }
            }
            catch (AggregateException importers)
            {
                _thrown.AddRange(importers.InnerExceptions);
            }
        }

        _exporter.EndChange();
        IsOver = true;
        return _thrown.Count == 0 ? true : throw new AggregateException($"{_exporter.Device.Owner}: it is done, but importers threw when they were told.", _thrown);
    }

    private bool TryBegin()
    {
        if (!_exporter.TryBeginChange(_isEnabled, out Errno errno))
        {
            return false;
        }

        if (errno != Errno.None)
        {
            Errno = errno;
            IsOver = true;
            return false;
        }

        RevocableOperation operation = _isEnabled ? RevocableOperation.Unrevoke : RevocableOperation.Revoke;
        _operations = [.. _exporter.Buffers.Select(buffer => new DmaBufOperation(buffer, operation, control: null))];
        return true;
    }
}
