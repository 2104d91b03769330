// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>What is to be seen of all processes at one time; null is a process that is not there.</summary>
internal sealed class Observation
{
    public ProcessObservation?[] Processes { get; } = new ProcessObservation?[Arena.Processes];

    /// <summary>Numbers frames and shared anonymous objects in order of appearance, as the agent does.</summary>
    public void Renumber()
    {
        Dictionary<ushort, ushort> frames = [];
        Dictionary<byte, byte> objects = [];
        foreach (ProcessObservation? process in Processes)
        {
            if (process is null)
            {
                continue;
            }

            for (int i = 0; i < process.Vmas.Count; i++)
            {
                VmaObservation vma = process.Vmas[i];
                if (vma.Backing is > 1 and < VmaObservation.Anonymous)
                {
                    if (!objects.TryGetValue(vma.Backing, out byte number))
                    {
                        objects[vma.Backing] = number = (byte)(2 + objects.Count);
                    }

                    vma.Backing = number;
                    process.Vmas[i] = vma;
                }
            }

            foreach (ref PageObservation page in process.Pages.AsSpan())
            {
                if (page.Frame != 0)
                {
                    if (!frames.TryGetValue(page.Frame, out ushort number))
                    {
                        frames[page.Frame] = number = (ushort)(1 + frames.Count);
                    }

                    page.Frame = number;
                }
            }
        }
    }
}
