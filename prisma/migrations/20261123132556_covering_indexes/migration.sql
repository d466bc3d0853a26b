-- DropIndex
DROP INDEX "customer_owner_id_idx";

-- DropIndex
DROP INDEX "customer_assignment_employee_id_customer_id_idx";

-- DropIndex
DROP INDEX "ticket_opened_at_id_idx";

-- CreateIndex
CREATE INDEX "customer_owner_id_id_idx" ON "customer"("owner_id", "id");

-- CreateIndex
CREATE INDEX "customer_assignment_in_force_idx" ON "customer_assignment"("employee_id", "customer_id", "dedicated", "valid_from", "valid_to");

-- CreateIndex
CREATE INDEX "ticket_opened_at_idx" ON "ticket"("opened_at", "id", "customer_id", "assignee_id", "opened_by_id", "responsible_person_id");
