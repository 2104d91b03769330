// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Crash;

public sealed partial class CrashStates
{
    /// <summary>Goes through all states as an odometer does, so that one state differs from the last by little.</summary>
    private void Enumerate(PendingLine? fixedLine)
    {
        List<PendingLine> lines = _pending.Lines;
        if (fixedLine is not null)
        {
            _pending.Show(fixedLine, fixedLine.Count);
        }

        while (Judge())
        {
            int at = 0;
            while (at < lines.Count && (lines[at] == fixedLine || lines[at].Shown == lines[at].Count))
            {
                if (lines[at] != fixedLine)
                {
                    _pending.Show(lines[at], 0);
                }

                at++;
            }

            if (at == lines.Count)
            {
                return;
            }

            _pending.Show(lines[at], lines[at].Shown + 1);
        }
    }

    /// <summary>Looks at the plain states and some others.</summary>
    private void Sample(PendingLine? newest, bool isThorough)
    {
        _pending.ShowNothing();
        if (isThorough && !Judge())
        {
            return;
        }

        if (!isThorough && newest is not null && !JudgeAlone(newest))
        {
            return;
        }

        for (int i = 0; isThorough && i < _pending.Lines.Count; i++)
        {
            if (!JudgeAlone(_pending.Lines[i]))
            {
                return;
            }
        }

        ShowEverything();
        if (!Judge())
        {
            return;
        }

        for (int i = 0; isThorough && i < _pending.Lines.Count; i++)
        {
            PendingLine line = _pending.Lines[i];
            _pending.Show(line, 0);
            if (!Judge())
            {
                return;
            }

            _pending.Show(line, line.Count);
        }

        for (int i = isThorough ? _options.Samples : _options.SamplesPerStore; i > 0; i--)
        {
            ShowSome(isThorough ? null : newest);
            if (!Judge())
            {
                return;
            }
        }
    }

    private bool JudgeAlone(PendingLine line)
    {
        _pending.Show(line, line.Count);
        bool isGood = Judge();
        _pending.Show(line, isGood ? 0 : line.Shown);
        return isGood;
    }

    private void ShowEverything()
    {
        foreach (PendingLine line in _pending.Lines)
        {
            _pending.Show(line, line.Count);
        }
    }

    /// <summary>Chooses by chance: whole lines lost and kept, now more of these and now more of those, or any part of each.</summary>
    private void ShowSome(PendingLine? newest)
    {
        int kept = _random.Next(5);
        foreach (PendingLine line in _pending.Lines)
        {
            int count = kept switch
            {
                0 => _random.Next(line.Count + 1),
                1 => _random.Next(8) == 0 ? line.Count : 0,
                2 => _random.Next(8) == 0 ? 0 : line.Count,
                _ => _random.Next(2) == 0 ? 0 : line.Count,
            };
            _pending.Show(line, line == newest ? line.Count : count);
        }
    }

    /// <summary>Has the state checked that the images show now.</summary>
    private bool Judge()
    {
        _states++;
        string? message = Ask(_point, _pending.Images);
        if (message is null)
        {
            return _options.NestEvery == 0 || _states % _options.NestEvery != 0 || JudgeRecovery();
        }

        _failure = new(message, _options.Seed, _point, Survived());
        return false;
    }

    private string? Ask(CrashPoint point, IReadOnlyList<PersistentMemory> media)
    {
        try
        {
            return _check(point, media);
        }
#pragma warning disable CA1031 // Whatever recovery throws, the state that made it throw has to be named.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            return $"{thrown.GetType().Name}: {thrown.Message}";
        }
        finally
        {
            foreach (CrashImage image in _pending.Images)
            {
                image.Undo();
            }
        }
    }

    /// <summary>Records what recovery from the state shown stores.</summary>
    private StoreTrace TraceRecovery(out string? message)
    {
        StoreTrace recovery = new();
        TracedMedia[] media = [.. _pending.Images.Select(image => new TracedMedia(image.Name, image.Bytes.AsSpan(0, (int)image.Length), recovery, image.Granularity))];
        message = Ask(_point, media);
        return recovery;
    }

    /// <summary>Cuts the recovery from the state shown, everywhere, and has the same said of what is left.</summary>
    private bool JudgeRecovery()
    {
        StoreTrace recovery = TraceRecovery(out string? message);
        CrashReport report = Run(recovery, (_, media) => _check(_point, media), _options with { NestEvery = 0 });
        _nested += report.States;
        if (message is null && report.Failure is null)
        {
            return true;
        }

        _failure = new(message ?? report.Failure!.Message, _options.Seed, _point, Survived(), report.Failure);
        return false;
    }

    private SurvivedLine[] Survived() => [.. _pending.Lines.Select(static line => new SurvivedLine(line.Medium, (ulong)line.Offset, line.Shown, line.Count))];
}
