// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using Physr.Cli.Rendering;
using Physr.Storage.Pmem;
using Spectre.Console;

namespace Physr.Cli;

/// <summary>The text of <c>physr plan</c>: all ways beside one another, the chosen one marked, then notes.</summary>
internal static class PlanCommandText
{
    private const string Chosen = "->";

    /// <summary>One plan.</summary>
    public static string Of(DescriptorPlan plan, Terminal terminal)
    {
        StringBuilder text = new();
        text.AppendLine($"{PlanCommand.NameOf(plan.Request.Memory)}, {Quantities.Capacity(plan.Request.Size)}");
        Table table = CreateTable("", "choice", "descriptors", "where", "usable", "waste");
        foreach (DescriptorChoice choice in plan.Choices)
        {
            string[] cells = choice.IsPossible
                ? [choice.IsChosen ? Chosen : "", choice.Name, Quantities.Capacity(choice.DescriptorBytes), Where(choice), Quantities.Capacity(choice.UsableBytes), Quantities.Capacity(choice.WasteBytes)]
                : ["", choice.Name, "-", "-", "-", "-"];
            table.AddRow([.. cells.Select(cell => new Markup(choice.IsChosen && terminal.HasColor ? $"[bold green]{Markup.Escape(cell)}[/]" : Markup.Escape(cell)))]);
        }

        Render(table, text, terminal);
        text.AppendLine($"{plan.Chosen.Name}: {plan.Chosen.Why}.");
        text.AppendLine($"exactly: {plan.Chosen.DescriptorBytes} bytes of descriptors, {plan.Chosen.UsableBytes} usable, {plan.Chosen.WasteBytes} of waste.");
        WriteNotes(text, plan);
        return text.ToString().ReplaceLineEndings("\n");
    }

    /// <summary>All memories of a scenario.</summary>
    public static string Of(IReadOnlyList<PlanCommandMemory> memories, Terminal terminal)
    {
        StringBuilder text = new();
        Table table = CreateTable("memory", "choice", "size", "descriptors", "usable", "waste");
        foreach (PlanCommandMemory memory in memories)
        {
            DescriptorChoice chosen = memory.Plan.Chosen;
            string[] cells = [memory.Name, chosen.Name, Quantities.Capacity(memory.Plan.Request.Size), Quantities.Capacity(chosen.DescriptorBytes), Quantities.Capacity(chosen.UsableBytes), Quantities.Capacity(chosen.WasteBytes)];
            table.AddRow([.. cells.Select(static cell => new Markup(Markup.Escape(cell)))]);
        }

        Render(table, text, terminal);
        text.AppendLine($"Page descriptors take {Quantities.Capacity(memories.Aggregate(0UL, static (sum, memory) => sum + memory.Plan.Chosen.DescriptorBytes))} in all.");
        foreach (PlanCommandMemory memory in memories.Where(static memory => memory.Plan.Notes.Count != 0))
        {
            text.AppendLine($"{memory.Name}:");
            WriteNotes(text, memory.Plan);
        }

        return text.ToString().ReplaceLineEndings("\n");
    }

    private static void WriteNotes(StringBuilder text, DescriptorPlan plan)
    {
        foreach (string note in plan.Notes)
        {
            text.AppendLine($"note: {note}");
        }
    }

    private static string Where(DescriptorChoice choice) => choice.DescriptorBytes == 0 ? "none" : choice.DeviceBytes != 0 ? "device" : "RAM";

    private static Table CreateTable(params string[] columns)
    {
        Table table = new() { Border = TableBorder.Simple };
        for (int i = 0; i < columns.Length; i++)
        {
            TableColumn column = new(columns[i]) { NoWrap = true };
            table.AddColumn(i > 1 && columns[i] is not "where" ? column.RightAligned() : column);
        }

        return table;
    }

    private static void Render(Table table, StringBuilder text, Terminal terminal)
    {
        StringBuilder rendered = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = terminal.HasColor ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = terminal.HasColor ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(new StringWriter(rendered)),
        });
        console.Profile.Width = Math.Max(terminal.Width, Terminal.DefaultWidth);
        console.Write(table);
        foreach (string line in rendered.ToString().Split('\n').Select(static line => line.TrimEnd()).Where(static line => line.Length != 0))
        {
            text.AppendLine(line);
        }
    }
}
